"""Reads whole lines of a growing file from a position, through rotation, truncation and restarts.

A file is known by its first line and not by its name or inode: `logrotate` renames (new name, same inode) or copies and
truncates (same name, other content); the first line, which begins with a time, stays with the content. The old
file is read to its end before the new one is begun, and a new file is begun only when it holds a line: by then the one
writer, Asterisk, has let go of the old.

What nobody can read again is not read: lines written between logrotate's copy and its truncation are lost by logrotate.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK = 128 * 1024
LONGEST_LINE = 128 * 1024    # rubbish beyond it is cut, or a file without a newline would be waited for for ever
FINGERPRINTED = 4096


@dataclass(frozen=True)
class Position:
    """How far has been read: `offset` bytes of the file whose first line hashes to `fingerprint`."""

    inode: int
    fingerprint: str
    offset: int


@dataclass(frozen=True)
class Line:
    offset: int
    text: bytes              # without its newline
    whole: bool = True       # False: the file ends before the line does, or it is longer than the longest


@dataclass(frozen=True)
class Chunk:
    lines: tuple[Line, ...]
    position: Position       # after the lines
    gap: bool = False        # the file of the position before is gone: lines may have been missed


Glance = tuple[int, int, int]    # inode, size, time of the last write in ns


def glance(path: Path) -> Glance | None:
    """One system call that tells whether a file that was read to its end can have more; None when it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True)
class _File:
    path: Path
    inode: int
    fingerprint: str | None  # None while it has no whole first line
    size: int


def read(path: Path, position: Position | None, limit: int = CHUNK) -> Chunk | None:
    """The next lines, or None while there are none. Raises OSError but for a file that is not there (yet)."""
    current = _look(path)
    if position and current and current.inode == position.inode and _continues(current, position):
        return _lines(current, position.offset, limit, last=True)  # the ordinary case looks at no other file
    files = [*_rotated(path), *([current] if current else [])]
    files = [file for file in files if file.fingerprint]
    if not files:
        return None
    if position is None:
        return _lines(files[0], 0, limit, last=len(files) == 1)
    place = next((i for i, file in enumerate(files) if _continues(file, position)), None)
    if place is None:
        chunk = _lines(files[-1], 0, limit, last=True)
        return chunk and Chunk(chunk.lines, chunk.position, gap=True)
    offset = position.offset
    for i in range(place, len(files)):
        if chunk := _lines(files[i], offset, limit, last=i == len(files) - 1):
            return chunk
        offset = 0
    return None


def _look(path: Path) -> _File | None:
    try:
        with path.open("rb") as file:
            return _File(path, os.fstat(file.fileno()).st_ino, _fingerprint(file), os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        return None


def _fingerprint(file: BinaryIO) -> str | None:
    file.seek(0)
    head = file.read(FINGERPRINTED)
    line, newline, _ = head.partition(b"\n")
    return hashlib.sha256(line).hexdigest() if newline or len(head) == FINGERPRINTED else None


def _rotated(path: Path) -> list[_File]:
    """Older files of the same log, oldest first: `queue_log.2`, `queue_log-20261122`. Packed ones are past reading."""
    pattern = re.compile(re.escape(path.name) + r"[.-]\d[\d-]*")
    if not path.parent.is_dir():
        return []
    found = [(entry.stat().st_mtime_ns, entry.name, file) for entry in path.parent.iterdir()
             if pattern.fullmatch(entry.name) and (file := _look(entry))]
    return [file for _, _, file in sorted(found, key=lambda item: item[:2])]


def _continues(file: _File, position: Position) -> bool:
    return file.fingerprint == position.fingerprint and file.size >= position.offset


def _lines(file: _File, offset: int, limit: int, *, last: bool) -> Chunk | None:
    """Whole lines from `offset`, one at least: a line does not become rubbish because it is longer than a chunk. In a file
    that is not the last, a rest without a newline is a line cut short."""
    try:
        with file.path.open("rb") as stream:
            if _fingerprint(stream) != file.fingerprint:
                return None      # rotated since we looked: look again
            inode = os.fstat(stream.fileno()).st_ino
            stream.seek(offset)
            data = stream.read(limit)
            if b"\n" not in data:
                data += stream.readline(LONGEST_LINE - len(data)) if len(data) < LONGEST_LINE else b""
    except FileNotFoundError:
        return None
    end = data.rfind(b"\n") + 1
    whole = end > 0
    if not whole:
        if not data or (last and len(data) < LONGEST_LINE):
            return None
        end = len(data)
    lines: list[Line] = []
    start = 0
    while start < end:
        newline = data.find(b"\n", start, end)
        stop = newline if newline >= 0 else end
        lines.append(Line(offset + start, data[start:stop], whole))
        start = stop + 1
    assert file.fingerprint is not None  # callers filter
    return Chunk(tuple(lines), Position(inode, file.fingerprint, offset + end))
