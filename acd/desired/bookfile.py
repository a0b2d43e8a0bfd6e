"""The book on disk: written whole at every change, so that a crash loses nothing that was answered with done."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from acd.desired.book import Book

log = structlog.get_logger(__name__)

BOOK: Final[TypeAdapter[Book]] = TypeAdapter(Book)
LONGEST_S: Final = 1.0       # nobody's order waits longer for a disk that hangs
RETRY_S: Final = 1.0


class BookFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Book | None:
        """None when there is none, or none that can be read: then Asterisk's own members say who sits where."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.error("book_not_read", error=type(error).__name__)
            return None
        try:
            return BOOK.validate_json(raw)
        except ValidationError as error:
            log.error("book_broken", faults=error.error_count(), bytes=len(raw))
            return None

    def write(self, book: Book) -> None:
        """Raises OSError."""
        write_whole(self._path, BOOK.dump_json(book))


def write_whole(path: Path, content: bytes) -> None:
    """On disk when it returns; the old file is whole until the new one is. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class BookKeeper:
    """Writes in a thread, so that a slow disk does not hold up the reading of AMI; several changes that come together are one
    writing. `run` never ends: a disk that is full is tried again."""

    def __init__(self, file: BookFile | None) -> None:
        """None: nothing is kept, for tests."""
        self._file = file
        self._newest: Book | None = None
        self._written: Book | None = None
        self._changed = asyncio.Event()
        self._done = asyncio.Condition()

    def save(self, book: Book) -> None:
        self._newest = book
        self._changed.set()

    async def saved(self) -> None:
        """Returns when what was last given is on disk, or after LONGEST_S."""
        wanted = self._newest
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S), self._done:
                await self._done.wait_for(lambda: self._written is wanted or self._written is self._newest)

    async def run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            book = self._newest
            if book is None:
                continue
            try:
                if self._file is not None:
                    await asyncio.to_thread(self._file.write, book)
            except OSError as error:
                log.error("book_not_written", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                self._changed.set()
                continue
            async with self._done:
                self._written = book
                self._done.notify_all()


def fitted(book: Book | None, first: Book, seats: frozenset[str], *, free_seating: bool) -> Book:
    """The book of the last process on the present site: `first` where there was none, without seats that are gone; in fixed
    seating everybody is at their own seat."""
    if book is None:
        return first
    here = {code: entry for code, entry in book.agents.items() if entry.seat in seats}
    if not free_seating:
        here = {code: here[code] if code in here and here[code].seat == code else entry for code, entry in first.agents.items()}
    return replace(book, agents=here, faults={seat: fault for seat, fault in book.faults.items() if seat in seats})
