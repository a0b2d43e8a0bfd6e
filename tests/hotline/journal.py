"""queue_log as a test reads it: entries of one call, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter.phones import PATIENCE_S

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
        self._read = 0
        self._entries: list[Entry] = []
        self._of_call: dict[str, list[Entry]] = {}

    def entries(self, call_id: str | None = None) -> list[Entry]:
        self._read_on()
        return list(self._entries if call_id is None else self._of_call.get(call_id, ()))

    def _read_on(self) -> None:
        """Only what is new: twenty callers who look fifty times a second are no load on a machine that tests are timed on."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new[:new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            if line.count("|") >= 4:
                entry = _parse(line)
                self._entries.append(entry)
                self._of_call.setdefault(entry.call_id, []).append(entry)

    def events(self, call_id: str) -> list[str]:
        return [entry.event for entry in self.entries(call_id)]

    async def call_from(self, number: str, within: float = PATIENCE_S) -> str:
        """The id of the call that this caller made last."""
        def found(entries: list[Entry]) -> Entry | None:
            return next((e for e in reversed(entries) if e.event == "ENTERED" and e.data[1] == number), None)

        return (await self._until(found, None, within, f"ENTERED of {number or 'a withheld number'}")).call_id

    async def has(self, call_id: str, event: str, within: float = PATIENCE_S, *data: str) -> Entry:
        """The first entry of this kind, with these first fields when they are given."""
        def found(entries: list[Entry]) -> Entry | None:
            return next((e for e in entries if e.event == event and e.data[:len(data)] == data), None)

        return await self._until(found, call_id, within, f"{event} {data or ''}")

    async def happens(self, call_id: str, event: str, *, times: int, within: float = PATIENCE_S) -> Entry:
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
