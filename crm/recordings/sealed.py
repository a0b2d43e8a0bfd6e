"""The file of a sealed recording: AES-256-GCM in frames; any part opens without the rest, no bit is changed unnoticed.

    header   magic "SXR1", frame size (4 bytes), length of the sound (8), length of the key's id (1) and the id (15), salt (32)
    frames   each: so many bytes of the sound encrypted, and a tag of 16; the last one may be shorter, a file without sound has one

Each file has a key of its own, derived from the named key, the salt and the call it belongs to, so a frame's number is nonce
enough. The header is bound into every frame, and so is whether the frame is the last.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callcenter.errors import Conflict
from crm.recordings.keys import KEY_BYTES, KeyRing

MAGIC: Final = b"SXR1"
FRAME: Final = 64 * 1024
TAG: Final = 16
SALT: Final = 32
_HEADER: Final = struct.Struct(f">4sIQB15s{SALT}s")
LARGEST_FRAME: Final = 1024 * 1024


class Damaged(Conflict):
    """The file is not what was sealed: changed, cut off, or of another call."""

    code = "recording_damaged"


@dataclass(frozen=True)
class Header:
    frame: int
    length: int              # of the sound
    key_id: str
    salt: bytes

    def packed(self) -> bytes:
        name = self.key_id.encode()
        return _HEADER.pack(MAGIC, self.frame, self.length, len(name), name, self.salt)

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Raises Damaged."""
        if len(data) != _HEADER.size:
            raise Damaged("header")
        magic, frame, length, size, name, salt = _HEADER.unpack(data)
        if magic != MAGIC or not 1 <= frame <= LARGEST_FRAME or size > len(name):
            raise Damaged("header")
        try:
            return cls(frame, length, name[:size].decode("ascii"), salt)
        except UnicodeDecodeError as error:
            raise Damaged("header") from error

    @property
    def frames(self) -> int:
        return max(-(-self.length // self.frame), 1)

    @property
    def file_bytes(self) -> int:
        return _HEADER.size + self.length + self.frames * TAG


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def write(source: Source, length: int, target: BinaryIO, call_id: str, ring: KeyRing, key_id: str, frame: int = FRAME) -> None:
    """Seals exactly `length` bytes. Raises Damaged when the source has not as many, and KeyMissing."""
    header = Header(frame, length, key_id, os.urandom(SALT))
    packed = header.packed()
    cipher = _cipher(ring, header, call_id)
    target.write(packed)
    for number in range(header.frames):
        wanted = min(frame, length - number * frame)
        plain = source.read(wanted)
        if len(plain) != wanted:
            raise Damaged("source")
        target.write(cipher.encrypt(_nonce(number), plain, packed + _last(number, header)))


class SealedFile:
    """An open sealed file. Every frame that is read is checked; give `close` a chance."""

    def __init__(self, path: Path, call_id: str, ring: KeyRing) -> None:
        """Raises OSError, Damaged, KeyMissing."""
        self._file = path.open("rb")
        try:
            self._packed = self._file.read(_HEADER.size)
            self.header = Header.read(self._packed)
            if self.header.packed() != self._packed or os.fstat(self._file.fileno()).st_size != self.header.file_bytes:
                raise Damaged(path.name)
            self._cipher = _cipher(ring, self.header, call_id)
        except BaseException:
            self._file.close()
            raise

    @property
    def length(self) -> int:
        return self.header.length

    def read(self, begin: int, end: int) -> Iterator[bytes]:
        """The sound's bytes from `begin` up to `end`, a frame at a time. Raises Damaged at the first frame that is not true."""
        end = min(end, self.length)
        if begin >= end:
            if self.length == 0:
                self._frame(0)
            return
        for number in range(begin // self.header.frame, -(-end // self.header.frame)):
            start = number * self.header.frame
            yield self._frame(number)[max(begin - start, 0):end - start]

    def _frame(self, number: int) -> bytes:
        self._file.seek(_HEADER.size + number * (self.header.frame + TAG))
        size = min(self.header.frame, self.length - number * self.header.frame) + TAG
        try:
            return self._cipher.decrypt(_nonce(number), self._file.read(size), self._packed + _last(number, self.header))
        except InvalidTag as error:
            raise Damaged(f"frame {number}") from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _cipher(ring: KeyRing, header: Header, call_id: str) -> AESGCM:
    derived = HKDF(SHA256(), KEY_BYTES, header.salt, b"sixring recording " + call_id.encode())
    return AESGCM(derived.derive(ring.key(header.key_id)))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _last(number: int, header: Header) -> bytes:
    return b"\1" if number == header.frames - 1 else b"\0"
