"""A trace of callers played through a real Asterisk: who calls when, how patient, how long each talks, how long each ring lasts.

Callers and seats are SIP phones that send no sound (light_phones.py); what happened is read from app_queue's own events with
Asterisk's own times. The site file is made of the simulator's scenario, and so are the prompts' lengths.
"""

from __future__ import annotations

import asyncio
import math
import time
import wave
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from callcenter.phones import PATIENCE_S
from callcenter.render.configuration import SOUNDS
from crm.simulator.app_queue import AppQueue
from crm.simulator.scenario import EMERGENCY, INFINITE, Caller, Level, Queue, Scenario
from hotline.ami import Message
from hotline.instance import Hotline
from hotline.light_phones import LightCallers, LightSeat, Ring
from hotline.peers import agi_peer, answers

MENU_WAIT_S: Final = 1
KEY_WAIT_S: Final = 6.0               # message.conf, at the chain's end
A_MOMENT_S: Final = 0.1
AT_ONCE_S: Final = 0.5                # app_queue leaves a second between attempts, and none is shorter
_STEPS: Final = {"QueueCallerJoin", "QueueCallerLeave", "AgentCalled", "AgentRingNoAnswer", "AgentConnect", "UserEvent"}
_LEVELS: Final = {"backup": Level.BACKUP, "teams": Level.TEAMS}


@dataclass(frozen=True)
class Happened:
    """Of a call, as app_queue said it."""

    when: float
    what: str
    queue: str
    seat: str


@dataclass
class Played:
    """A call as it went, in seconds of the clock. `joined`: it entered its first queue."""

    caller: Caller
    joined: float | None = None
    told: float | None = None         # how long it will take, before it entered
    rang: float | None = None
    answered: float | None = None
    left: float | None = None
    stage: int = 0
    seat: str = ""
    rings: int = 0
    rang_last: float = 0.0            # when the last attempt began
    ringing: list[Ring] = field(default_factory=list)
    steps: list[Happened] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        return "answered" if self.answered is not None else "abandoned" if self.left is not None else ""

    @property
    def wait_s(self) -> float:
        until = self.answered or self.left
        assert until is not None
        assert self.joined is not None
        return until - self.joined


def site_of(scenario: Scenario, *, ring_s: int) -> str:
    """The site file of a scenario: fixed seating, a number a queue, and one for its emergencies. Its rings are whole seconds."""
    backups = sorted({agent.code for agent in scenario.agents if agent.backup})
    numbers, menus = [], []
    for place, queue in enumerate(scenario.queues):
        for offset, more in ((0, {}), (10, {"emergency": True})):
            name = f"{queue.name}-{offset}"
            numbers.append({"number": str(8000 + place + offset), "menu": name})
            menus.append({"id": name, "prompts": ["welcome"], "wait": MENU_WAIT_S, "tries": 1, "keys": {},
                          "silent": {"queue": queue.name} | more})
    return yaml.safe_dump({
        "version": 1, "company": {"name": {"zh": "安和物业", "en": "Anhe Property"}}, "numbers": numbers, "menus": menus,
        "schedule": {"hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "00:00"}],
                     "calendar": "none"},
        "ring": {"seconds": ring_s, "answer_within": 2, "overflow_after": round(scenario.queues[0].overflow_s / ring_s)},
        "limits": {"survey": False}, "desk": {"phone_silent": 600, "callback_offer": 3600},
        "seats": [{"seat": agent.code, "name": agent.code} | ({"kind": "backup"} if agent.code in backups else {})
                  for agent in scenario.agents],
        "queues": [_queue_of(scenario, queue, ring_s) for queue in scenario.queues],
    }, allow_unicode=True)


def _queue_of(scenario: Scenario, queue: Queue, ring_s: int) -> dict[str, Any]:
    levels = {level: name for name, level in _LEVELS.items()}
    return {"id": queue.name, "name": {"zh": queue.name, "en": queue.name}, "priority": queue.priority,
            "seats": [agent.code for agent in scenario.agents if queue.name in agent.skills],
            "backup": [agent.code for agent in scenario.agents if queue.name in agent.backup],
            "seat_ring": round(queue.seat_ring_s / ring_s), "wrapup": round(queue.wrapup_s), "backup_for": round(queue.stay_s),
            "chain": [{"to": levels[step.level], "for": round(step.seconds)} for step in queue.chain]}


def shorter_sounds(folder: Path, scale: float) -> Path:
    """Every prompt, its beginning only: so short, where all times are."""
    for path in SOUNDS.rglob("*.wav"):
        out = folder / path.relative_to(SOUNDS)
        out.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path)) as heard, wave.open(str(out), "wb") as kept:
            kept.setparams(heard.getparams())
            kept.writeframes(heard.readframes(round(heard.getnframes() / scale)))
    return folder


def seconds_of(sounds: Path, *names: str) -> float:
    total = 0.0
    for name in names:
        with wave.open(str(sounds / "zh" / f"{name}.wav")) as heard:
            total += heard.getnframes() / heard.getframerate()
    return total


def manners_of(sounds: Path, *, acd: bool) -> AppQueue:
    """The prompts' lengths, for the simulator."""
    busy = seconds_of(sounds, "all-busy-choice")
    tens = [(), ("digits/10",), *((f"digits/{ten}",) for ten in range(20, 50, 10))]
    numbers = [(*tens[number // 10], *((f"digits/{number % 10}",) if number % 10 else ())) for number in range(1, 50)]
    return AppQueue(next_s=seconds_of(sounds, "queue-youarenext"), there_are_s=seconds_of(sounds, "queue-thereare"),
                    waiting_s=seconds_of(sounds, "queue-callswaiting"),
                    numbers_s=tuple(seconds_of(sounds, *names) for names in numbers),
                    busy_s=busy, offer_s=busy + KEY_WAIT_S, urgent_s=seconds_of(sounds, "connecting-emergency"), acd=acd,
                    told_s=seconds_of(sounds, "expected-wait-prefix", "queue-minutes"),
                    long_s=seconds_of(sounds, "expected-wait-long"))


@dataclass
class Traced:
    """Plays `callers`, in the order of their coming, on a hotline that runs. Every one of them has ended when `play` returns."""

    hotline: Hotline
    scenario: Scenario
    callers: Sequence[Caller]
    sounds: Path
    played: list[Played] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.played = [Played(caller) for caller in self.callers]
        self._by_number = {f"1380000{place:04}": one for place, one in enumerate(self.played)}
        self._queues = [queue.name for queue in self.scenario.queues]
        self._all_over = asyncio.Event()

    async def play(self) -> list[Played]:
        settings = self.hotline.settings
        points = {number: f"||{one.caller.points}|" for number, one in self._by_number.items() if one.caller.kind != EMERGENCY}
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(agi_peer(settings.ports.agi, answers(points)))
            for agent in self.scenario.agents:
                await stack.enter_async_context(LightSeat(settings.ports.sip, agent.code,
                                                          settings.secrets()[f"seat-{agent.code}"], self._rung))
            self._phones = await stack.enter_async_context(LightCallers(settings.ports.sip, self._gone))
            ami = await stack.enter_async_context(self.hotline.ami())
            await ami.act("Events", EventMask="agent,user")
            tasks = [asyncio.create_task(self._calls())]

            async def listen() -> None:
                while True:
                    self._happens(await ami.message())

            tasks.append(asyncio.create_task(listen()))
            over = asyncio.create_task(self._all_over.wait())
            last = self.callers[-1]
            async with asyncio.timeout(last.at + 600 + PATIENCE_S):
                await asyncio.wait([*tasks[1:], over], return_when=asyncio.FIRST_COMPLETED)
            for task in (*tasks, over):
                if task.done():
                    task.result()
                else:
                    task.cancel()
        return self.played

    # --- callers

    async def _calls(self) -> None:
        lead = seconds_of(self.sounds, "welcome", "no-key", "connecting") + MENU_WAIT_S + A_MOMENT_S
        begins = math.ceil(time.time() + lead)
        for number, one in self._by_number.items():
            await asyncio.sleep(max(begins + one.caller.at - lead - time.time(), 0.0))
            emergency = one.caller.kind == EMERGENCY
            self._phones.dial(number, str(8000 + self._queues.index(one.caller.queue) + 10 * emergency))

    def _later(self, when: float, number: str, answered: bool) -> None:
        asyncio.get_running_loop().call_later(max(when - time.time(), 0.0), self._hangs_up, number, answered)

    def _hangs_up(self, number: str, answered: bool) -> None:
        one = self._by_number[number]
        if (one.answered is not None) is answered and one.left is None:
            self._ends(one, time.time())
            self._phones.hang_up(number)

    def _gone(self, number: str) -> None:
        self._ends(self._by_number[number], time.time())

    def _ends(self, one: Played, when: float) -> None:
        one.left = when
        if all(other.left is not None for other in self.played):
            asyncio.get_running_loop().call_later(1.0, self._all_over.set)

    # --- seats

    def _rung(self, ring: Ring) -> None:
        """Phones that begin to ring at once ring for one attempt: of them the first seat by its number picks up. Not those that
        still ring: another seat's ring may come in before the last attempt's end does, each by its own way."""
        one = self._by_number[ring.number]
        if one.ringing and time.time() - one.rang_last < AT_ONCE_S:
            one.ringing.append(ring)
            return
        one.rings, one.ringing, one.rang_last = one.rings + 1, [ring], time.time()
        if (after := self._ring_of(one, one.rings - 1)) < INFINITE:
            ringing = one.ringing
            asyncio.get_running_loop().call_later(after, lambda: min(ringing, key=lambda each: each.seat).pick_up())

    def _ring_of(self, one: Played, ring: int) -> float:
        assert ring < len(one.caller.picked_after), "more rings than the trace knows"
        return one.caller.picked_after[ring]

    # --- what app_queue says

    def _happens(self, message: Message) -> None:
        one = self._by_number.get(message.get("CallerIDNum", ""))
        if one is None or "Timestamp" not in message:
            return
        number, now = message["CallerIDNum"], float(message["Timestamp"])
        if (what := message.get("Event", "")) in _STEPS:
            one.steps.append(Happened(now, what, message.get("Queue", ""), message.get("MemberName", "")))
        match message.get("Event"):
            case "QueueCallerJoin":
                _, _, pool = message["Queue"].partition(".")
                one.stage = max(one.stage, _LEVELS.get(pool, Level.PRIMARY))
                if one.joined is None:
                    one.joined = now
                    if one.caller.patience_s < INFINITE:
                        self._later(now + one.caller.patience_s, number, answered=False)
            case "UserEvent" if message.get("What") == "estimate":
                one.told = one.told or now
            case "AgentCalled":
                one.rang = one.rang or now
            case "AgentConnect":
                one.answered, one.seat = now, message["MemberName"]
                self._later(now + one.caller.talk_s, number, answered=True)


def as_it_came(played: Sequence[Played]) -> list[Caller]:
    """The callers as they entered their queues, for the simulator, whose second 0 is a whole one of the clock."""
    joined = sorted((one for one in played if one.joined is not None), key=lambda one: one.joined or 0.0)
    begin = math.floor(joined[0].joined or 0.0)
    return [replace(one.caller, at=(one.joined or 0.0) - begin, before_s=_before(one)) for one in joined]


def as_it_lived(one: Played) -> Caller:
    """The caller with the times that were kept: on a busy machine a phone is picked up or hung up later than the trace says."""
    caller, until = one.caller, one.left or 0.0
    if one.answered is None:
        return replace(caller, patience_s=until - (one.joined or 0.0))
    rung = [step.when for step in one.steps if step.what == "AgentCalled" and step.when <= one.answered]
    began = min(when for when in rung if when > rung[-1] - AT_ONCE_S)
    kept = [*caller.picked_after]
    kept[one.rings - 1] = one.answered - began
    return replace(caller, talk_s=until - one.answered, picked_after=tuple(kept))


def _before(one: Played) -> float:
    return one.joined - one.told if one.joined and one.told and one.told < one.joined else 0.0
