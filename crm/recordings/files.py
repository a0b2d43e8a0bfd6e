"""Where the sound of a call lies, plain or sealed, and how it is opened: the only place that turns names into paths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol, Self

from callcenter.errors import NotFound
from crm.recordings.keys import KeyRing
from crm.recordings.sealed import FRAME, SealedFile

SEALED: Final = ".sxr"
PART: Final = ".part"


class RecordingMissing(NotFound):
    """The call is there, its recording is not: nobody talked, it is not whole yet, or its time is over."""

    code = "recording_missing"


class Sound(Protocol):
    """Bytes of a WAV file."""

    @property
    def length(self) -> int: ...
    def read(self, begin: int, end: int) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class PlainFile:
    """A recording that Asterisk has let go of and that is not sealed yet."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._length = path.stat().st_size

    @property
    def length(self) -> int:
        return self._length

    def read(self, begin: int, end: int) -> Iterator[bytes]:
        end = min(end, self._length)
        self._file.seek(begin)
        while begin < end and (data := self._file.read(min(FRAME, end - begin))):
            begin += len(data)
            yield data

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sound_name(recording: str | None, message: str | None) -> str | None:
    """Where a call's sound lies below the recordings: the talk as Asterisk wrote it, or what was made of it and the message."""
    return f"{message.removesuffix('.wav')}+message.wav" if message else recording


def sealed_name(name: str, key_id: str) -> str:
    """`2026/11/22/<call>.wav` → `2026/11/22/<call>.wav.k1.sxr`: sealed anew, it never lies where the old one does."""
    return f"{name}.k{key_id}{SEALED}"


def place(folder: Path, name: str) -> Path:
    """The path below the folder; raises RecordingMissing for a name that leads out of it."""
    inside = folder.resolve()
    path = (inside / name).resolve()
    if not path.is_relative_to(inside):
        raise RecordingMissing
    return path


def open_sound(folder: Path, call_id: str, name: str, sealed: str | None, ring: KeyRing) -> Sound:
    """The sealed file if there is one, else the plain one. Raises RecordingMissing, Damaged, KeyMissing."""
    try:
        return SealedFile(place(folder, sealed), call_id, ring) if sealed else PlainFile(place(folder, name))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecordingMissing from error


def recorded(folder: Path) -> set[str]:
    """The names that the journal gave to the recordings that lie there, plain or sealed."""
    plain = {str(path.relative_to(folder)) for path in folder.rglob("*.wav")}
    sealed = {str(path.relative_to(folder)) for path in folder.rglob(f"*{SEALED}")}
    return plain | {name.removesuffix(SEALED).rpartition(".k")[0] for name in sealed}
