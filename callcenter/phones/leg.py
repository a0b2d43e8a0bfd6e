"""One call as one phone sees it: what it shows, when it rang, what was said and heard."""

from __future__ import annotations

import asyncio
import re
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from baresip.call import Call
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError, StaleHandleError
from baresip.events import Event, StackEvent

from callcenter.phones.sound import RATE, Sound

_FROM: Final = re.compile(r'^\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<"]*))\s*<sips?:(?:(?P<user>[^@>;]*)@)?')
_AHEAD_BYTES: Final = RATE * 2 * 4 // 10       # 0.4 s of sound is handed over ahead of time
KEPT_SECONDS: Final = 300                      # a capture never grows beyond this
PATIENCE_S: Final = 60.0                       # for what has to come: a phone that waits so long says so, on however busy a machine
_READ_BYTES: Final = 65_536


class PhoneError(Exception):
    """A phone could not do what was asked.

    PhoneError
    └── NotInTime   what was awaited did not happen in time
    """


class NotInTime(PhoneError):
    pass


@dataclass(frozen=True)
class Display:
    """What the ringing phone shows."""

    name: str
    number: str

    @classmethod
    def from_header(cls, value: str) -> Display:
        found = _FROM.match(value)
        if found is None:
            return cls("", "")
        name = found["quoted"] if found["quoted"] is not None else (found["plain"] or "").strip()
        return cls(re.sub(r"\\(.)", r"\1", name), found["user"] or "")


class Leg:
    """Made by a phone, never by hand. Times are those of the running loop; None until it happened."""

    def __init__(self, call: Call, *, peer: str, shows: Display | None, keep_s: float = KEPT_SECONDS) -> None:
        self.peer = peer                 # the number dialled, or the caller's
        self.shows = shows               # incoming only
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Condition()
        self._waking: set[asyncio.Task[None]] = set()
        self._keep = round(keep_s * RATE)
        self._heard = array("h")
        self._dropped = 0                # samples that were heard too long ago to be kept
        self._mouth = threading.Lock()
        self._to_say: bytes = b""
        self._repeat: bytes = b""
        self.began_at = self._loop.time()
        self.rang_at: float | None = self.began_at if shows else None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.why_ended = ""

    def __repr__(self) -> str:
        state = "over" if self.ended_at else "talking" if self.answered_at else "ringing" if self.rang_at else "dialled"
        return f"<Leg {self.peer} {state} {self.why_ended}>"

    # --- what it does

    async def answer(self) -> None:
        """Raises PhoneError when the call is no longer there."""
        try:
            await self._call.answer()
        except BaresipError as error:
            raise PhoneError(f"{self!r} could not be answered: {error}") from error

    async def reject(self) -> None:
        try:
            await self._call.reject()
        except StaleHandleError:
            return

    async def hang_up(self) -> None:
        """Ends the call, in whatever state; nothing when it is over already."""
        if self.ended_at is None:
            try:
                await self._call.hangup()
            except StaleHandleError:
                return

    async def press(self, keys: str) -> None:
        """RFC 4733. Raises PhoneError when the call is over."""
        try:
            await self._call.send_dtmf(keys)
        except BaresipError as error:
            raise PhoneError(f"{self!r} could not press {keys}: {error}") from error

    async def transfer(self, uri: str) -> None:
        """Blind. Raises PhoneError when it was refused."""
        try:
            await self._call.transfer(uri)
        except BaresipError as error:
            raise PhoneError(f"{self!r} could not be transferred to {uri}: {error}") from error

    async def hand_over(self, consulted: Leg) -> None:
        """Attended: whom this leg talks to is joined with whom `consulted` talks to. Raises PhoneError when refused."""
        try:
            await self._call.attended_transfer(consulted._call)
        except BaresipError as error:
            raise PhoneError(f"{self!r} could not be handed over to {consulted!r}: {error}") from error

    async def hold(self) -> None:
        """Raises PhoneError when the call is over."""
        try:
            await self._call.hold()
        except BaresipError as error:
            raise PhoneError(f"{self!r} could not be held: {error}") from error

    async def resume(self) -> None:
        """Raises PhoneError when the call is over."""
        try:
            await self._call.resume()
        except BaresipError as error:
            raise PhoneError(f"{self!r} could not be taken back: {error}") from error

    def say(self, sound: Sound, *, forever: bool = False) -> None:
        """Plays from now on, in place of what is being played; `forever` plays it again and again."""
        said = sound.to_bytes()
        with self._mouth:
            self._to_say, self._repeat = said, said if forever else b""

    def be_silent(self) -> None:
        with self._mouth:
            self._to_say = self._repeat = b""

    # --- what it notices

    @property
    def heard(self) -> Sound:
        """All that was heard so far, at most the last `keep_s`."""
        return Sound(self._heard[:])

    def heard_since(self, sample: int) -> array[int]:
        """What came after so many samples, counted from the beginning of the call."""
        return self._heard[max(sample - self._dropped, 0):]

    @property
    def lost_s(self) -> float:
        """Sound that came in and was not taken in time: a program that is too busy to listen."""
        try:
            stats = self._call.audio.stats()
        except (AudioNotActive, AudioRestarted):
            return 0.0
        return (stats.rx_dropped_bytes + stats.rx_discarded_bytes) / (2 * RATE)

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def is_talking(self) -> bool:
        return self.answered_at is not None and self.ended_at is None

    async def ringing(self, within: float = PATIENCE_S) -> float:
        """Seconds from the beginning until it rang. Raises NotInTime, PhoneError when the call ended first."""
        return await self._until(lambda: self.rang_at, within, "ring")

    async def answered(self, within: float = PATIENCE_S) -> float:
        return await self._until(lambda: self.answered_at, within, "be answered")

    async def ended(self, within: float = PATIENCE_S) -> str:
        """Why it ended. Raises NotInTime."""
        await self._until(lambda: self.ended_at, within, "end")
        return self.why_ended

    async def hears(self, test: Callable[[Sound], bool], what: str, within: float = PATIENCE_S) -> None:
        """Waits until `test` of all that was heard is true. Raises NotInTime, PhoneError when the call ended before."""
        await self.notices(lambda: test(self.heard), f"hear {what}", within)

    async def notices(self, test: Callable[[], bool], what: str, within: float = PATIENCE_S) -> None:
        """Waits until `test` is true; it is asked again whenever something was heard or happened. Raises as `hears` does."""
        await self._until(lambda: self._loop.time() if test() else None, within, what)

    async def said(self, within: float = PATIENCE_S) -> None:
        """Waits until all that was given to `say` has been sent. Raises NotInTime."""
        await self._until(lambda: None if self._to_say else self._loop.time(), within, "say all")

    async def heard_seconds(self, seconds: float, within: float = PATIENCE_S) -> Sound:
        """The next `seconds` of what is heard."""
        start = len(self._heard)
        wanted = start + round(seconds * RATE)
        await self._until(lambda: self._loop.time() if len(self._heard) >= wanted else None, within, "hear enough")
        return Sound(self._heard[start:wanted])

    async def _until(self, happened: Callable[[], float | None], within: float, what: str) -> float:
        try:
            async with asyncio.timeout(within), self._changed:
                while (at := happened()) is None:
                    if self.is_over:
                        raise PhoneError(f"{self!r} ended before it could {what}")
                    await self._changed.wait()
        except TimeoutError:
            raise NotInTime(f"{self!r} did not {what} within {within:g} s") from None
        return at - self.began_at

    # --- called by the phones

    def on_event(self, event: StackEvent) -> None:
        now = self._loop.time()
        match event.event:
            case Event.CALL_RINGING | Event.CALL_PROGRESS:
                self.rang_at = self.rang_at or now
            case Event.CALL_ESTABLISHED:
                self.answered_at = self.answered_at or now
            case Event.CALL_CLOSED:
                self.ended_at = now
                self.why_ended = event.text or ""
            case _:
                return
        self._wake()

    def move_audio(self) -> None:
        """Takes what came in and hands over what is to be said. Called some twenty times a second by a thread of its own:
        however busy the loop is, nothing is missed of a sound, and no voice stutters. The loop is given it in order, before
        the news that the call is over."""
        if self.is_over:
            return
        try:
            # Also before the loop knows of the answer: it may be behind, and what is not read within half a second is lost.
            if self._keep and (pcm := self._call.audio.read(_READ_BYTES)):
                self._loop.call_soon_threadsafe(self._hear, pcm)
            if not self.is_talking:
                return
            with self._mouth:
                said_all = self._speak()
            if said_all:
                self._loop.call_soon_threadsafe(self._wake)
        except (AudioNotActive, AudioRestarted):
            return  # no media yet, or a re-INVITE replaced it: the next turn binds to what is there

    def _hear(self, pcm: bytes) -> None:
        if self.answered_at is None:
            return                       # a ring tone: nobody has said anything yet
        self._heard.frombytes(pcm)
        excess = len(self._heard) - self._keep
        if excess > 0:
            del self._heard[:excess]
            self._dropped += excess
        self._wake()

    def _speak(self) -> bool:
        """True when this was the last of it."""
        if not self._to_say and not self._repeat:
            return False
        info = self._call.audio.info()
        room = _AHEAD_BYTES - info.tx_buffered
        if not info.tx_ready or room <= 0:
            return False
        while len(self._to_say) < room and self._repeat:
            self._to_say += self._repeat
        written = self._call.audio.write(self._to_say[:room])
        self._to_say = self._to_say[written:]
        return not self._to_say

    def _wake(self) -> None:
        task = self._loop.create_task(self._notify())
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
