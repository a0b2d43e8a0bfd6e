"""Sentences for tests: who calls, what they press and hear, who rings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from callcenter.phones import PATIENCE_S, Leg, PhoneError, Phones, Seat
from callcenter.phones.hearing import LIKE, Ear, Prompt, Search, speech_seconds
from callcenter.phones.phone import WITHHELD
from callcenter.phones.sound import Sound, read_wav
from hotline.instance import Hotline
from hotline.journal import Entry, Journal
from hotline.whole import Whole

MAIN = "8000"
_SUBSCRIBERS = count(13_900_000_001)


@dataclass
class Guest:
    """A caller on the line. Nothing that was heard is forgotten: a question is about what came after a mark, and a mark is
    the end of what was recognised last, or the moment of the last key."""

    leg: Leg
    number: str
    call_id: str
    journal: Journal
    sounds: Path
    ear: Ear = field(default_factory=Ear)
    mark_s: float = 0.0

    async def presses(self, keys: str) -> None:
        self._listen()
        self.mark_s = self.ear.seconds
        await self.leg.press(keys)

    async def chooses(self, key: str) -> None:
        """In a menu; returns when it has been taken."""
        before = self.events.count("MENU")
        await self.presses(key)
        await self.journal.happens(self.call_id, "MENU", times=before + 1)

    async def hangs_up(self) -> None:
        await self.leg.hang_up()

    async def hears(self, prompt: str, *, language: str = "zh", within: float = PATIENCE_S) -> None:
        """Waits until the prompt was heard after the mark, which then moves to its end."""
        wanted = self.prompt(prompt, language)
        search = Search(self.ear, wanted, self.mark_s)
        try:
            await self.leg.notices(lambda: self._listen() and search.best.score >= LIKE, f"hear {language}/{prompt}", within)
        except PhoneError as error:
            raise AssertionError(f"{error}; likeness {search.best.score:.2f}; {self._what_was_heard()}; "
                                 f"journal: {self.events}") from error
        self.mark_s = search.best.at_s + wanted.seconds

    def _listen(self) -> bool:
        self.ear.hear(self.leg.heard_since(self.ear.samples))
        return True

    def _what_was_heard(self) -> str:
        """In order, for the report of a failure."""
        lost = self.leg.lost_s
        known = {f"{path.parent.name}/{path.stem}": read_wav(path) for path in self.sounds.glob("??/*.wav")}
        found = [(self.ear.match(Prompt(sound)), name) for name, sound in known.items()]
        order = [f"{match.at_s:.1f} {name} {match.score:.2f}" for match, name in sorted(found, key=lambda one: one[0].at_s)
                 if match.score > 0.6]
        return f"{self.ear.seconds:.1f} s heard, {lost:.1f} s lost, mark at {self.mark_s:.1f}: {order}"

    def likeness(self, prompt: str, language: str = "zh") -> float:
        """Of the best place in the whole call."""
        self._listen()
        return self.ear.match(self.prompt(prompt, language)).score

    def prompt(self, name: str, language: str = "zh") -> Prompt:
        return Prompt(read_wav(self.sounds / language / f"{name}.wav"))

    async def hears_a_voice(self, within: float = PATIENCE_S) -> None:
        """Any: the line is open and keys will be taken."""
        await self.leg.hears(lambda heard: speech_seconds(heard) > 0.2, "a voice", within)

    async def has(self, event: str, *data: str, within: float = PATIENCE_S) -> Entry:
        return await self.journal.has(self.call_id, event, within, *data)

    @property
    def events(self) -> list[str]:
        return self.journal.events(self.call_id)


class Line:
    def __init__(self, hotline: Hotline | Whole, phones: Phones, sounds: Path) -> None:
        self.hotline, self.phones, self.sounds = hotline, phones, sounds
        self.journal = hotline.journal
        self._seats: dict[str, Seat] = {}

    async def seat(self, number: str) -> Seat:
        """A registered phone at this seat; it rings and is not answered until told."""
        if number not in self._seats:
            self._seats[number] = (await self.hotline.seats(self.phones, number))[0]
        seat = self._seats[number]
        seat.never_answers()
        seat.forget()
        return seat

    async def seats(self, *numbers: str) -> Sequence[Seat]:
        return [await self.seat(number) for number in numbers]

    async def outside(self, number: str) -> Seat:
        """The phone of an outside number, which rings when the hotline dials it."""
        phone = await self.phones.outside(number)
        phone.never_answers()
        phone.forget()
        return phone

    async def leave(self, *numbers: str) -> None:
        """These seats are no longer registered."""
        for number in numbers:
            if number in self._seats:
                await self._seats.pop(number).unregister()

    async def call(self, dialled: str = MAIN, *, number: str | None = None, name: str = "") -> Guest:
        """A new caller, whose call has been taken and journalled."""
        told = number if number is not None else str(next(_SUBSCRIBERS))
        known = set(self.calls())
        caller = await self.phones.caller(told or WITHHELD, name)
        leg = await caller.dial(dialled)
        call_id = await self._new_call(told if told != WITHHELD else "", known)
        await leg.answered()
        return Guest(leg, told, call_id, self.journal, self.sounds)

    async def call_and_press(self, *keys: str, dialled: str = MAIN) -> Guest:
        """Presses one key a menu, as soon as a voice is heard."""
        guest = await self.call(dialled)
        await guest.hears_a_voice()
        for key in keys:
            await guest.chooses(key)
        return guest

    async def recording_of(self, guest: Guest) -> Sound:
        """Of a call that this ends here."""
        await guest.hangs_up()
        await guest.has("ENDED")
        file = self.hotline.settings.recordings / (await guest.has("RECORDING")).data[0]
        assert (file.stem, guest.events.count("RECORDING")) == (guest.call_id, 1)
        size = -1
        async with asyncio.timeout(PATIENCE_S):
            while size != (size := file.stat().st_size) or size < 1000:     # the last samples are written after the call
                await asyncio.sleep(0.2)
        return read_wav(file)

    def calls(self) -> list[str]:
        return [entry.call_id for entry in self.journal.entries() if entry.event == "ENTERED"]

    async def _new_call(self, number: str, known: set[str]) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for entry in self.journal.entries():
                    if entry.event == "ENTERED" and entry.data[1] == number and entry.call_id not in known:
                        return entry.call_id
                await asyncio.sleep(0.01)

    async def rest(self) -> None:
        """Everybody hangs up; every channel is gone."""
        await self.phones.hang_up_all()
        for seat in self._seats.values():
            seat.never_answers()
        async with self.hotline.ami() as ami, asyncio.timeout(PATIENCE_S):
            while await ami.channels():
                await self.phones.hang_up_all()
                await asyncio.sleep(0.05)
