"""Phones of one process: seats that register, callers that dial. One SIP stack carries them all.

The stack (baresip) allows one runtime per process and never frees an identity, so callers are kept and used again.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from baresip.call import Call
from baresip.config import Account, Config
from baresip.errors import BaresipError, RegistrationError
from baresip.events import Event, StackEvent
from baresip.runtime import Runtime
from baresip.ua import UserAgent

from callcenter.phones.leg import KEPT_SECONDS, PATIENCE_S, Display, Leg, NotInTime, PhoneError

__all__ = ["PATIENCE_S", "Caller", "Display", "Leg", "NotInTime", "PhoneError", "Phones", "Seat", "Switch"]

WITHHELD: Final = "anonymous"

_TICK_S: Final = 0.05
_EARLY_LEGS: Final = 64
_USER: Final = re.compile(r"[+A-Za-z0-9._-]{1,60}")
_CODECS: Final = ("pcma", "pcmu")


@dataclass(frozen=True)
class Switch:
    """Where Asterisk listens for SIP over UDP."""

    port: int
    host: str = "127.0.0.1"

    def uri(self, user: str) -> str:
        return f"sip:{user}@{self.host}:{self.port}"


class Phones:
    """`async with Phones(Switch(5060)) as phones:`"""

    def __init__(self, switch: Switch, *, rtp_ports: tuple[int, int] | None = None, listen: int | None = None,
                 max_calls: int = 100, dead_after_s: int = 0, keep_s: float = KEPT_SECONDS) -> None:
        """`listen` is the port where `outside` phones are rung; `dead_after_s` ends calls without incoming media, 0 never;
        `keep_s` of what each leg hears is kept."""
        self.switch = switch
        self._rtp_ports = rtp_ports
        self._listen = listen
        self._max_calls = max_calls
        self._dead_after_s = dead_after_s
        self._keep_s = keep_s
        self._runtime = Runtime()
        self._legs: dict[int, Leg] = {}
        self._early: OrderedDict[int, list[StackEvent]] = OrderedDict()
        self._callers: dict[tuple[str, str], Caller] = {}
        self._outside: dict[str, Seat] = {}
        self._audio = threading.Thread(target=self._move_audio, name="audio", daemon=True)
        self._ending = threading.Event()
        self.died = asyncio.Event()      # the stack ended by itself; only a new process helps
        self._runtime.on_dead = self.died.set  # type: ignore[assignment]  # declared as None there

    async def __aenter__(self) -> Self:
        ports = f"rtp_ports {self._rtp_ports[0]}-{self._rtp_ports[1]}\n" if self._rtp_ports else ""
        if self._listen:
            ports += f"sip_listen {self.switch.host}:{self._listen}\n"
        await self._runtime.start(Config(
            net_interface=self.switch.host, max_concurrent_calls=self._max_calls, rtp_timeout=self._dead_after_s,
            expose_headers=("From",), native_log_level="error", extra_config_text=ports))
        self._runtime.subscribe(self._on_event)
        self._audio.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        """Hangs up what is still on the line, then stops the stack."""
        if not self.died.is_set():
            await self.hang_up_all()
        self._ending.set()
        self._audio.join()
        if not self.died.is_set():
            await self._runtime.close()

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The calls that are on the line now."""
        return tuple(self._legs.values())

    async def hang_up_all(self, within: float = 3.0) -> None:
        legs = self.legs
        await asyncio.gather(*(leg.hang_up() for leg in legs), return_exceptions=True)
        await asyncio.gather(*(leg.ended(within) for leg in legs), return_exceptions=True)

    async def seat(self, seat: str, password: str, *, refresh_s: int = 60) -> Seat:
        """A registered seat. Raises PhoneError when Asterisk refuses or does not answer."""
        made = await self.unregistered_seat(seat, password, refresh_s=refresh_s)
        await made.register()
        return made

    async def unregistered_seat(self, seat: str, password: str, *, refresh_s: int = 60) -> Seat:
        account = Account(seat, f"{self.switch.host}:{self.switch.port}", password, reg_interval=refresh_s,
                          audio_codecs=_CODECS)
        return Seat(seat, self, await UserAgent.create(self._runtime, account))

    async def caller(self, number: str = WITHHELD, name: str = "") -> Caller:
        """Someone outside. The number is what the trunk is told in From; without one it is withheld."""
        if not _USER.fullmatch(number):
            raise PhoneError(f"{number!r} cannot be a caller's number")
        key = number, name
        if key not in self._callers:
            quoted = re.sub(r'(["\\])', r"\\\1", name)
            shown = f'"{quoted}" ' if name else ""
            aor = (f"{shown}<{self.switch.uri(number)};transport=udp>;regint=0;answermode=manual;"
                   f"audio_codecs={','.join(_CODECS)};dtmfmode=rtpevent")
            self._callers[key] = Caller(number, self, await UserAgent.create(self._runtime, aor))
        return self._callers[key]

    async def outside(self, number: str) -> Seat:
        """The phone of an outside number: registered nowhere, it rings when the trunk dials the number at `listen`."""
        if number not in self._outside:
            caller = await self.caller(number)
            self._outside[number] = Seat(number, self, caller.agent)
        return self._outside[number]

    async def dial(self, agent: UserAgent, number: str, headers: dict[str, str]) -> Leg:
        try:
            call = await agent.dial(self.switch.uri(number), headers)
        except BaresipError as error:
            raise PhoneError(f"could not dial {number}: {error}") from error
        return self.adopt(call, Leg(call, peer=number, shows=None, keep_s=self._keep_s))

    def adopt(self, call: Call, leg: Leg) -> Leg:
        """Events may come before the call is known here, all of them on a busy machine: they are kept for it."""
        self._legs[call.handle] = leg
        for event in self._early.pop(call.handle, []):
            # It has missed them too, and would refuse to pass on a call that is answered; it has no public way to be told.
            call._on_stack_event(event)     # noqa: SLF001
            self._give(leg, event)
        return leg

    def incoming(self, call: Call) -> Leg:
        shows = Display.from_header(call.headers.get("From", ""))
        return self.adopt(call, Leg(call, peer=shows.number, shows=shows, keep_s=self._keep_s))

    def _on_event(self, event: StackEvent) -> None:
        if not event.call:
            return
        leg = self._legs.get(event.call)
        if leg is not None:
            self._give(leg, event)
        elif event.event is not Event.CALL_INCOMING:
            self._early.setdefault(event.call, []).append(event)
            while len(self._early) > _EARLY_LEGS:
                self._early.popitem(last=False)

    def _give(self, leg: Leg, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self._legs.pop(event.call, None)
        leg.on_event(event)

    def _move_audio(self) -> None:
        while not self._ending.wait(_TICK_S):
            for leg in self.legs:
                leg.move_audio()


class Caller:
    def __init__(self, number: str, phones: Phones, agent: UserAgent) -> None:
        self.number = number
        self._phones = phones
        self.agent = agent

    async def dial(self, number: str) -> Leg:
        """Returns as soon as the call is on its way."""
        headers = {"Privacy": "id"} if self.number == WITHHELD else {}
        return await self._phones.dial(self.agent, number, headers)


class Seat:
    """A seat's phone. It rings until `answers_after`, `rejects` or an `on_ring` of your own says what to do."""

    def __init__(self, seat: str, phones: Phones, agent: UserAgent) -> None:
        self.seat = seat
        self._phones = phones
        self._agent = agent
        self._rang: asyncio.Queue[Leg] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answer_after: float | None = None
        self._rejecting = False
        self.on_ring: Callable[[Leg], None] | None = None
        self.legs: list[Leg] = []
        agent.on_incoming(self._on_incoming)

    async def register(self) -> None:
        try:
            await self._agent.register()
        except RegistrationError as error:
            raise PhoneError(f"seat {self.seat} could not register: {error}") from error

    async def unregister(self) -> None:
        try:
            await self._agent.unregister()
        except RegistrationError as error:
            raise PhoneError(f"seat {self.seat} could not unregister: {error}") from error

    def answers_after(self, seconds: float) -> None:
        self._answer_after, self._rejecting = seconds, False

    def never_answers(self) -> None:
        self._answer_after, self._rejecting = None, False

    def rejects(self) -> None:
        self._rejecting = True

    async def rings(self, within: float = PATIENCE_S) -> Leg:
        """The next call that rings here and was not yet asked for. Raises NotInTime."""
        try:
            return await asyncio.wait_for(self._rang.get(), within)
        except TimeoutError:
            raise NotInTime(f"seat {self.seat} did not ring within {within:g} s") from None

    def forget(self) -> None:
        """Calls that rang before are not asked for any more."""
        self.legs.clear()
        while not self._rang.empty():
            self._rang.get_nowait()

    @property
    def has_rung(self) -> bool:
        return bool(self.legs)

    async def dial(self, number: str) -> Leg:
        return await self._phones.dial(self._agent, number, {})

    def _on_incoming(self, call: Call) -> None:
        leg = self._phones.incoming(call)
        self.legs.append(leg)
        del self.legs[:-20]
        if self.on_ring:
            self.on_ring(leg)
            return
        self._rang.put_nowait(leg)
        if self._rejecting:
            self._start(leg.reject())
        elif self._answer_after is not None:
            self._start(_answer_later(leg, self._answer_after))

    def _start(self, act: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _answer_later(leg: Leg, delay: float) -> None:
    await asyncio.sleep(delay)
    if not leg.is_over:
        with suppress(PhoneError):  # the caller hung up in this very moment
            await leg.answer()
