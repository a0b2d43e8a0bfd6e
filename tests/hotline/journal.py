"""queue_log as a test reads it: entries of one call, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True)
class Entry:
    epoch: float
    call_id: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]


class NotJournalled(AssertionError):
    pass


class Journal:
    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, call_id: str | None = None) -> list[Entry]:
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        entries = [_parse(line) for line in lines if line.count("|") >= 4]
        return [entry for entry in entries if call_id in (None, entry.call_id)]

    def events(self, call_id: str) -> list[str]:
        return [entry.event for entry in self.entries(call_id)]

    async def call_from(self, number: str, within: float = 5.0) -> str:
        """The id of the call that this caller made last."""
        def found(entries: list[Entry]) -> Entry | None:
            return next((e for e in reversed(entries) if e.event == "ENTERED" and e.data[1] == number), None)

        return (await self._until(found, None, within, f"ENTERED of {number or 'a withheld number'}")).call_id

    async def has(self, call_id: str, event: str, within: float = 5.0, *data: str) -> Entry:
        """The first entry of this kind, with these first fields when they are given."""
        def found(entries: list[Entry]) -> Entry | None:
            return next((e for e in entries if e.event == event and e.data[:len(data)] == data), None)

        return await self._until(found, call_id, within, f"{event} {data or ''}")

    async def happens(self, call_id: str, event: str, *, times: int, within: float = 5.0) -> Entry:
        """The entry of this kind that makes them so many."""
        def found(entries: list[Entry]) -> Entry | None:
            those = [entry for entry in entries if entry.event == event]
            return those[times - 1] if len(those) >= times else None

        return await self._until(found, call_id, within, f"{event} for the {times}. time")

    async def _until(self, found: Callable[[list[Entry]], Entry | None], call_id: str | None, within: float,
                     what: str) -> Entry:
        try:
            async with asyncio.timeout(within):
                while (entry := found(self.entries(call_id))) is None:
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            there = "\n".join(map(str, self.entries(call_id)[-15:]))
            raise NotJournalled(f"no {what} within {within:g} s; there is:\n{there}") from None
        return entry


def _parse(line: str) -> Entry:
    epoch, call_id, queue, agent, event, *data = line.split("|")
    return Entry(float(epoch), call_id, queue, agent, event, tuple(data))
