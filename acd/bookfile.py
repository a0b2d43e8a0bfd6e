"""The book on disk: written whole at every change, so that a crash loses nothing that was answered with done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from acd.book import Book

log = structlog.get_logger(__name__)

BOOK: Final[TypeAdapter[Book]] = TypeAdapter(Book)


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
        """Raises OSError. The old book is whole until the new one is."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(BOOK.dump_json(book))
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
