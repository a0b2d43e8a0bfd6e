"""When a recorder is renewed: once for whoever comes without the dialplan, and never for anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import pytest

from acd.ami.errors import AmiLost
from acd.ami.events import BridgeEntered, RecorderBegan
from acd.ami.link import AmiLink
from acd.calls import recorders
from acd.calls.line import CallLine
from acd.calls.recorders import MARK, Recorders
from acd.calls.rules import CallRules
from acd.desired.book import Book
from acd.desired.state import Desired
from acd.floor.channels import Channel, Channels
from acd.floor.facts import CallFacts, Floor
from acd.plan import FloorPlan
from callcenter.roster import Roster

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
pytestmark = [pytest.mark.asyncio, pytest.mark.rule("A8", part="after the call was passed on")]
LOOKED = [f"Getvar {MARK}", "Getvar MIXMONITOR_FILENAME"]
RENEWED = [*LOOKED, "StopMixMonitor", "MixMonitor"]


class Call:
    """A caller, recorded, and three agents' phones."""

    node = "node1"

    def __init__(self) -> None:
        self.actions: list[str] = []
        self.file, self.paused, self.lost_at = "/recordings/caller.wav", "", ""
        phones = [Channel(name, f"PJSIP/{name}-1", "caller", 6, NOW, seat=name) for name in ("1001", "1002", "1003")]
        self.channels = Channels([Channel("caller", "PJSIP/trunk-1", "caller", 6, NOW), *phones])
        self.floor = Floor(FloorPlan("node1", {}, {}, 30), self.channels)
        self.facts = self.floor.calls["caller"] = CallFacts("caller", NOW)
        line = CallLine(lambda: [(cast(AmiLink, self), self.floor)], Desired(Book(), Roster()), CallRules())
        self.recorders = Recorders(line)

    async def ask(self, action: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        if action == self.lost_at:
            raise AmiLost("node1")
        assert self.recorders.turn("caller").locked(), "a pause would not wait for it"
        self.actions.append(f"{action} {headers['Variable']}" if action == "Getvar" else action)
        if action == "MixMonitor":
            assert (headers["File"], headers["Options"]) == (self.file, "ab"), "the same file goes on"
            self.recorders.listeners()[RecorderBegan]("node1", RecorderBegan("caller"))
        return {"value": self.paused if headers.get("Variable") == MARK else self.file}

    def with_(self, *phones: str) -> None:
        """These are in the caller's bridge now."""
        for phone in self.channels.values():
            self.channels.move(phone, "bridge" if phone.uniqueid in ("caller", *phones) else None)
        self.recorders.listeners()[BridgeEntered]("node1", BridgeEntered("bridge", phones[-1], "caller"))

    async def did(self) -> list[str]:
        """Since it was asked last."""
        for _ in range(10):
            await asyncio.sleep(0)
        done, self.actions = self.actions, []
        return done


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setattr(recorders, "FORGETS_S", 0)
    return Call()


async def test_for_the_next_agent_and_not_for_the_first_nor_again_nor_for_a_third_who_joins(call: Call) -> None:
    call.with_("1001")
    assert await call.did() == []
    call.with_("1002")
    assert await call.did() == RENEWED
    call.with_("1002")
    call.with_("1002", "1003")
    assert await call.did() == []
    call.with_("1003")
    assert await call.did() == RENEWED, "who is left of three"


async def test_not_when_the_dialplan_has_done_it(call: Call) -> None:
    call.with_("1001")
    call.channels.move(call.channels["caller"], None)
    call.recorders.listeners()[RecorderBegan]("node1", RecorderBegan("caller"))
    call.with_("1002")
    assert await call.did() == []


async def test_a_pause_is_kept_and_looked_after_when_it_is_over(call: Call) -> None:
    call.with_("1001")
    call.facts.recording_paused = True
    call.with_("1002")
    await call.recorders.look()
    assert await call.did() == []
    call.facts.recording_paused = False
    await call.recorders.look()
    assert await call.did() == RENEWED


async def test_a_pause_waits_for_a_renewal_and_a_renewal_for_a_pause(call: Call) -> None:
    call.with_("1001")
    async with call.recorders.turn("caller"):
        call.with_("1002")
        assert await call.did() == []
        call.paused = "1"           # acd's floor hears of it later
    assert await call.did() == LOOKED[:1], "the pause is not ended"
    call.paused = ""
    await call.recorders.look()
    assert await call.did() == RENEWED


async def test_who_comes_while_one_is_renewed_is_seen_though_a_renewal_ends_after_it(call: Call) -> None:
    """The recorder's beginning is told after the order's answer, or before."""
    call.with_("1001")
    call.with_("1002")
    assert await call.did() == RENEWED
    call.recorders.listeners()[RecorderBegan]("node1", RecorderBegan("caller"))
    call.with_("1003")
    assert await call.did() == RENEWED


async def test_one_that_failed_is_tried_again_and_who_is_not_recorded_stays_so(call: Call) -> None:
    call.with_("1001")
    call.lost_at = "StopMixMonitor"
    call.with_("1002")
    assert await call.did() == LOOKED
    call.lost_at = ""
    await call.recorders.look()
    assert await call.did() == RENEWED
    call.file = ""
    call.with_("1001")
    await call.recorders.look()
    assert await call.did() == LOOKED
