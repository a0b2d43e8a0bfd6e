"""What happened, line by line in a file of the state folder: it is there when database, Redis and crm are not.

Two files, each with one writer: the guard's `story.jsonl`, and `told.jsonl` of the process that sends messages. Lines are only
ever added, whole and on the disk before anything follows from them. A line that a crash cut off is not there: its writer takes
it away when it begins again. The first line names the file, so that crm knows one that was begun anew.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

from crm.outages.ladder import Happening

STORY: Final = "story.jsonl"
TOLD: Final = "told.jsonl"
RESERVE: Final = "reserve"           # room on a full disk for what has to be written about it
RESERVED: Final = 65_536
BLOCK: Final = 4096                  # given up at once: other writers of a full disk are waiting for it too
LONGEST_LINE: Final = 512            # of what was told
_KINDS: Final[dict[str, type[Happening]]] = {kind.__name__: kind for kind in get_args(Happening)}


@dataclass(frozen=True)
class Line:
    """`place` counts from 1 within the file."""

    file: str
    place: int
    said: dict[str, Any]


class Log:
    """Of one writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[dict[str, Any]] = []

    def open(self) -> None:
        """Makes the file, or takes a torn last line away. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._reserve()
        if self._path.exists() and self._path.stat().st_size:
            whole = self._path.read_bytes()
            end = whole.rfind(b"\n") + 1
            if end < len(whole):
                os.truncate(self._path, end)
            if end:
                return
        named = [{"file": uuid.uuid4().hex}]
        if not self._insists(lambda: self._write(named)):
            raise OSError("the disk takes nothing")

    def add(self, said: Iterable[dict[str, Any]]) -> bool:
        """False when the disk did not take it, nor when it was given the reserve: it is kept, and written with the next."""
        self._waiting += said
        if not self._waiting:
            return True
        if not self._insists(lambda: self._write(self._waiting)):
            return False
        self._waiting = []
        return True

    def is_ready(self) -> bool:
        """Whether the disk takes a line now: asked before something is done that must not be done twice."""
        return self._insists(self._try)

    def _insists(self, write: Callable[[], None]) -> bool:
        while True:
            try:
                write()
            except OSError:
                if not self._give_up():
                    return False
                continue
            return True

    @property
    def _reserve_file(self) -> Path:
        return self._path.with_name(RESERVE)

    def _reserve(self) -> None:
        """Filled up when there is room again."""
        try:
            with self._reserve_file.open("ab") as file:
                file.write(b"\0" * max(0, RESERVED - file.tell()))
        except OSError:
            pass      # it is as long as there was room

    def _give_up(self) -> bool:
        """A block of the reserve; False when there is none."""
        try:
            left = self._reserve_file.stat().st_size - BLOCK
            if left > 0:
                os.truncate(self._reserve_file, left)
            else:
                self._reserve_file.unlink()
        except OSError:
            return False
        return True

    def _try(self) -> None:
        """No whole line: when a crash leaves it there, it is a torn one."""
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            before = os.fstat(handle).st_size
            try:
                if os.write(handle, b" " * LONGEST_LINE) != LONGEST_LINE:
                    raise OSError("the disk took a part of it")
                os.fsync(handle)
            finally:
                os.ftruncate(handle, before)
        finally:
            os.close(handle)

    def _write(self, said: Iterable[dict[str, Any]]) -> None:
        text = "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in said).encode()
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            before = os.fstat(handle).st_size
            if os.write(handle, text) != len(text):
                os.ftruncate(handle, before)
                raise OSError("the disk took a part of it")
            os.fsync(handle)
        finally:
            os.close(handle)


def read(path: Path) -> Iterator[Line]:
    """Whole lines only; nothing of a file that is not there. A line that is no JSON is passed over, its place counts."""
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        return
    name = ""
    with handle:
        for place, raw in enumerate(handle):
            if not raw.endswith(b"\n"):
                return
            try:
                said = json.loads(raw)
            except ValueError:
                continue
            if place == 0:
                name = str(said.get("file", ""))
            else:
                yield Line(name, place, said)


def written(happening: Happening) -> dict[str, Any]:
    said: dict[str, Any] = {"what": type(happening).__name__}
    for each in fields(happening):
        value = getattr(happening, each.name)
        said[each.name] = value.isoformat() if isinstance(value, datetime) else value
    return said


def happening_of(said: dict[str, Any]) -> Happening | None:
    """None for what this version does not know."""
    kind = _KINDS.get(str(said.get("what")))
    if kind is None:
        return None
    try:
        return kind(**{each.name: _read(said[each.name], str(each.type)) for each in fields(kind) if each.name in said})
    except (KeyError, TypeError, ValueError):
        return None


def _read(value: Any, kind: str) -> Any:
    if kind == "datetime":
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
