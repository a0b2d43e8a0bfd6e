"""What a leader may not do to a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from acd.ami.link import AmiLink
from acd.calls.line import CallLine
from acd.calls.monitoring import Leading
from acd.calls.recorders import Recorders
from acd.calls.recording import Recording
from acd.calls.rules import CallRules, NotPossible, Why
from acd.desired.book import Book
from acd.desired.state import Desired
from acd.floor.channels import Channel, Channels
from acd.floor.facts import CallFacts, Floor
from acd.plan import FloorPlan
from callcenter.clock import FakeClock
from callcenter.commands import MoveCall, Order
from callcenter.roster import Roster

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Link:
    def __init__(self) -> None:
        self.actions: list[str] = []

    async def ask(self, action: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        self.actions.append(action)
        return headers


@pytest.mark.rule("A11", part="a place that is kept")
def test_a_caller_who_waits_is_moved_and_a_place_that_is_kept_for_a_callback_is_not_said_to_be() -> None:
    link, floor = Link(), Floor(FloorPlan("node1", {}, {}, 30), Channels([
        Channel(call_id, f"PJSIP/trunk-{call_id}", call_id, 6, NOW) for call_id in ("caller", "place")]))
    for call_id, callback in (("caller", None), ("place", "node1-1.1")):
        floor.calls[call_id] = CallFacts(call_id, NOW, queue="repair", waiting=True, in_queue="repair", callback_id=callback)
    line = CallLine(lambda: [(cast(AmiLink, link), floor)], Desired(Book(), Roster()), CallRules(queues={"enquiry": "*601"}))
    leading = Leading(line, Recording(line, FakeClock(NOW), Recorders(line)))

    def moved(call_id: str) -> str:
        order = Order("one", "leader", NOW, NOW + timedelta(seconds=4), MoveCall(call_id, "enquiry"))
        return asyncio.run(leading.move(order)).code

    assert moved("caller") == "done"
    assert link.actions == ["Setvar", "Setvar", "QueueWithdrawCaller"]
    with pytest.raises(NotPossible) as refused:
        moved("place")
    assert (refused.value.why, len(link.actions)) == (Why.NOT_NOW, 3)
