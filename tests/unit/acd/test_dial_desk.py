"""acd's locks on calls of our own accord: at most once an attempt, so many at once, in their turn, not at night."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from acd.ami.errors import AmiRefused, AmiTimedOut
from acd.ami.events import ChannelState
from acd.dialling import DialDesk, DialRules
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from acd.plan import FloorPlan
from acd.waiting.callbacks import CallbackDesk
from callcenter.clock import FakeClock
from callcenter.commands import LATE, Answer, Dial, Order, RingBack, StopDialling
from callcenter.site.dialling import Dialling

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
pytestmark = pytest.mark.rule("B3", part="the call")


class Link:
    """Asterisk's astdb, and what it was asked for."""

    node = "node1"

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.silent_at = ""

    async def ask(self, action: str, headers: Mapping[str, str]) -> None:
        self.asked.append((action, headers))
        if action == self.silent_at:
            raise AmiTimedOut(action)
        if action == "DBPut":
            self.kept[headers["Key"]] = headers["Val"]
        elif action == "DBDel":
            del self.kept[headers["Key"]]

    async def ask_list(self, action: str, headers: Mapping[str, str]) -> list[dict[str, str]]:
        if action == "DBGetTree":
            return [{"key": f"/{headers['Family']}/{key}", "val": value} for key, value in self.kept.items()
                    if key.startswith(f"{headers['Key']}/")]
        if headers["Key"] not in self.kept:
            raise AmiRefused("none")
        return [{"val": self.kept[headers["Key"]]}]

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.asked]


class Acd:
    def __init__(self, at: datetime = NOON, **locks: Any) -> None:
        self.link, self.clock, self.tier = Link(), FakeClock(at), 0
        self.floor = Floor(FloorPlan("node1", {}, {}, 30))
        self.rules = DialRules(Dialling(**({"a_minute": 600} | locks)), ZoneInfo("Asia/Shanghai"))
        self.restart()

    def restart(self) -> None:
        self.desk = DialDesk([self.link], lambda: [self.floor], lambda: self.tier, self.rules, self.clock)     # type: ignore[list-item]

    def asks(self, command: Dial | StopDialling) -> tuple[str, str]:
        order = Order("o", "crm", self.clock.now(), self.clock.now() + timedelta(seconds=4), command)
        answer: Answer = asyncio.run(self.desk.handlers()[type(command)](order))
        return answer.code, answer.detail

    def channel(self, uniqueid: str, *, state: ChannelState = ChannelState.UP, name: str = "Local/dial@dialled-1;1",
                linkedid: str = "") -> None:
        self.floor.channels.add(Channel(uniqueid, name, linkedid or uniqueid, state, NOON))


def dial(task: str = "a1", attempt: int = 1, number: str = "+8613900000001", **more: Any) -> Dial:
    return Dial(**{"task_id": task, "attempt": attempt, "number": number, "prompts": ("callin-ask", "goodbye"), "keys": "12",
                   "thanks": {"1": "callin-accepted", LATE: "goodbye"}, **more})


def test_an_attempt_is_noted_before_the_channel_is_asked_for_and_never_begun_again_whatever_died() -> None:
    acd = Acd()
    assert acd.asks(dial()) == ("done", "node1")
    assert acd.link.actions == ["DBPut", "Originate"]
    wanted = acd.link.asked[1][1]
    assert wanted["Variable"] == ("__DIAL_TASK=a1,__DIAL_ATTEMPT=1,__DIAL_NUMBER=13900000001,__DIAL_SAY=callin-ask&goodbye,"
                                  "__DIAL_KEYS=12,__DIAL_LANGUAGE=zh,__DIAL_THANKS_1=callin-accepted,__DIAL_THANKS_late=goodbye")
    assert wanted["ChannelId"] == f"node1-dialled-a1-{int(NOON.timestamp())}.1"
    acd.restart()
    assert acd.asks(dial()) == ("done", "begun")
    assert acd.link.actions.count("Originate") == 1
    acd.link.silent_at = "Originate"        # begun or not: nobody knows, and so it was
    with pytest.raises(AmiTimedOut):
        acd.asks(dial(attempt=2))
    acd.link.silent_at = ""
    assert acd.asks(dial(attempt=2)) == ("done", "begun")
    assert acd.asks(dial(attempt=3)) == ("done", "node1")


def test_so_many_at_once_in_their_turn_only_allowed_numbers_and_nobody_at_night() -> None:
    acd = Acd(at_once=2)
    assert acd.asks(dial("a1")) == ("done", "node1")
    acd.channel("node1-dialled-a1-1.1")
    acd.clock.advance(10)
    assert acd.asks(dial("a2")) == ("done", "node1")
    assert acd.asks(dial("a3")) == ("not_now", "cap"), "one rings, and one was asked for a moment ago"
    acd.floor.channels.remove("node1-dialled-a1-1.1")
    acd.clock.advance(3)
    assert acd.asks(dial("a3")) == ("done", "node1")
    slow = Acd(a_minute=10)
    assert slow.asks(dial("a1")) == ("done", "node1")
    assert slow.asks(dial("a2")) == ("not_now", "pace")
    slow.clock.advance(6)
    assert slow.asks(dial("a2")) == ("done", "node1")
    night = Acd(NIGHT)
    assert night.asks(dial()) == ("not_now", "quiet")
    assert night.asks(dial(urgent=True)) == ("done", "node1")
    day = Acd()
    day.tier = 1
    assert day.asks(dial()) == ("not_now", "surge"), "outbound work pauses"
    day.tier = 0
    assert day.asks(dial(until=NOON - timedelta(seconds=1))) == ("too_late", "")
    assert day.asks(dial(number="0085212345678")) == ("refused", "number")
    for unfit in ({"prompts": ("a&b",)}, {"prompts": ("../x",)}, {"prompts": ()}, {"keys": "1,2"}, {"keys": "*"}, {"task": "A|b"},
                  {"thanks": {"3": "goodbye"}}, {"thanks": {"1": "a,b"}}, {"attempt": 0}):
        assert day.asks(dial(**unfit)) == ("refused", "prompt"), unfit
    assert day.link.asked == []


def test_a_phone_that_rings_stops_and_who_has_answered_hears_it_to_the_end() -> None:
    acd = Acd()
    acd.channel("node1-dialled-a1-1.1", name="Local/rings;1")
    acd.channel("node1-2.2", name="PJSIP/trunk-2", state=ChannelState.RINGING, linkedid="node1-dialled-a1-1.1")
    acd.channel("node1-dialled-a2-1.1", name="Local/hears;1")
    acd.channel("node1-2.3", name="PJSIP/trunk-3", linkedid="node1-dialled-a2-1.1")
    for task in ("a1", "a2", "a"):
        assert acd.asks(StopDialling(task)) == ("done", "")
    assert acd.link.asked == [("Hangup", {"Channel": "Local/rings;1"}),
                              ("Setvar", {"Channel": "Local/hears;2", "Variable": "SHARED(DIAL_STOPPED)", "Value": "1"})]


def test_attempts_that_nobody_asks_for_any_more_are_forgotten() -> None:
    acd = Acd()

    def rings_back(callback: str) -> str:
        desk = CallbackDesk(("repair",), [acd.link], lambda: [staffed], ("1X.",), acd.clock, ("alaw",))     # type: ignore[list-item]
        command, now = RingBack(callback, 1, "13900000001", "repair"), acd.clock.now()
        order = Order("o", "crm", now, now + timedelta(seconds=4), command)
        return asyncio.run(desk.handlers()[RingBack](order)).detail

    staffed = Floor(FloorPlan("node1", {}, {}, 30), online={"1001"}, paused={"1001": {"repair": False}})
    acd.link.kept["rung/of-an-older-version"] = "2"
    acd.asks(dial("old"))
    rings_back("node1-1.1")
    assert acd.link.asked[-1][1]["Codecs"] == "alaw", "a translator would outlive the agent it was made for"
    acd.clock.advance(6 * 86_400)
    acd.asks(dial("young"))
    rings_back("node1-2.2")
    acd.clock.advance(86_401)
    asyncio.run(acd.desk.sweep(acd.link))     # type: ignore[arg-type]
    assert list(acd.link.kept) == ["dialled/young", "rung/node1-2.2"], "each is read at every round of the reconciler"
    assert acd.asks(dial("young")) == ("done", "begun")
    assert rings_back("node1-2.2") == "begun"
