"""Orders about calls: whom they mean, whom they refuse, when a paused recording goes on. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hotline.sites import TestSite

from acd.calls.recording import Paused, over
from acd.calls.rules import CallRules, NotPossible, Why
from acd.calls.talks import Seating, number_in_dialplan, phone_of, require_free, talk_at
from acd.desired.book import Book, SignedIn
from acd.floor.channels import Channel, Channels
from acd.floor.facts import CallFacts, Floor
from acd.floor.shown import parties_of, show_call
from acd.plan import FloorPlan, SeatPlan
from callcenter.commands import Target, TargetKind
from callcenter.events import CallState
from callcenter.roster import Agent, Roster
from callcenter.site.schema import Site

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
UP = 6
SEATS = ("1001", "1002", "1201")
RULES = CallRules(seats=frozenset({"1001", "1002", "1201"}), leaders=frozenset({"1201"}), queues={"repair": "*601"},
                  departments={"lifts": "*501", "guards": "*502"}, department_ends={"lifts": "051288880000", "guards": "1002"})
SEATING = Seating(Book({"801": SignedIn("801", "1001", NOW), "803": SignedIn("803", "1002", NOW)}),
                  Roster({"801": Agent("801", "Li"), "802": Agent("802", "Wu"), "803": Agent("803", "Ma", leader=True)}))


@pytest.mark.rule("F5", part="which office joins, the caller's estate says")
def test_the_office_of_an_emergency_is_the_estate_s_or_the_site_s() -> None:
    site = Site.model_validate(yaml.load(TestSite(more={
        "departments": [{"id": name, "name": {"zh": name, "en": name}, "number": "13900000001"} for name in ("east", "west")],
        "estates": [{"id": "yunqi", "name": {"zh": "云栖", "en": "Yunqi"}, "office": "west"},
                    {"id": "jiangwan", "name": {"zh": "江湾", "en": "Bend"}}], "office": "east"}).text(), Loader=yaml.BaseLoader))
    assert CallRules.of(site).offices == {"": "east", "yunqi": "west"}


def leg(name: str, bridge: str | None, born: int, uniqueid: str = "") -> Channel:
    return Channel(uniqueid or name, f"PJSIP/{name}-0001", "call", UP, NOW + timedelta(seconds=born), bridge,
                   seat=name if name in SEATS else None)


def floor(*legs: Channel, **facts: object) -> Floor:
    plan = FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS}, {}, 30)
    call = replace(CallFacts("call", NOW, answered_at=NOW), **facts)  # type: ignore[arg-type]  # fields of CallFacts
    return Floor(plan, Channels(legs), {"call": call}, {"1001", "1002"})


CALLER = leg("trunk", "b1", 0, "call")


@pytest.mark.parametrize(("kind", "value", "number"), [
    ("seat", "1002", "1002"), ("agent", "801", "1001"), ("queue", "repair", "*601"), ("department", "lifts", "*501"),
    ("outside", "+86 138-0000-1111", "*913800001111")])
def test_every_target_has_a_number_that_phones_can_dial_too(kind: TargetKind, value: str, number: str) -> None:
    assert number_in_dialplan(Target(kind, value), RULES, SEATING) == number


@pytest.mark.parametrize(("kind", "value", "why"), [
    ("seat", "9", Why.UNKNOWN_SEAT), ("agent", "802", Why.NOT_SIGNED_IN), ("agent", "899", Why.UNKNOWN_AGENT),
    ("queue", "x", Why.UNKNOWN_QUEUE), ("department", "x", Why.REFUSED), ("outside", "12&PJSIP/1001", Why.REFUSED),
    ("outside", "１２３４", Why.REFUSED), ("outside", "", Why.REFUSED), ("outside", "1" * 21, Why.REFUSED),
    ("outside", "00442079460000", Why.REFUSED), ("outside", "+442079460000", Why.REFUSED), ("outside", "09001234567", Why.REFUSED)])
def test_a_target_that_is_none_is_refused(kind: TargetKind, value: str, why: Why) -> None:
    with pytest.raises(NotPossible) as raised:
        number_in_dialplan(Target(kind, value), RULES, SEATING)
    assert raised.value.why is why


def test_a_third_phone_is_a_seat_or_an_outside_number_and_never_a_queue() -> None:
    assert phone_of(Target("agent", "801"), RULES, SEATING) == ("PJSIP/1001", "1001")
    assert phone_of(Target("department", "guards"), RULES, SEATING) == ("PJSIP/1002", "1002")
    assert phone_of(Target("department", "lifts"), RULES, SEATING) == ("PJSIP/051288880000@trunk", None)
    with pytest.raises(NotPossible):
        phone_of(Target("queue", "repair"), RULES, SEATING)


@pytest.mark.rule("D2")
def test_a_leader_is_a_leaders_seat_or_a_seat_where_one_is_signed_in() -> None:
    assert [SEATING.leads(seat, RULES) for seat in ("1201", "1002", "1001")] == [True, True, False]


def test_who_shares_the_callers_bridge_talks() -> None:
    talk = talk_at(floor(CALLER, leg("1001", "b1", 3)), "1001", "801")
    assert (talk.call_id, talk.consulting) == ("call", False)


def test_while_one_is_asked_the_asker_has_the_call_and_the_asked_has_not() -> None:
    there = floor(CALLER, leg("1001", "b2", 3), leg("1002", "b2", 9))
    assert talk_at(there, "1001", "801").consulting
    with pytest.raises(NotPossible):
        talk_at(there, "1002", "803")
    shown = show_call(there, there.calls["call"], parties_of(there, there.calls["call"]), NOW, None)
    assert (shown.seat, shown.state) == ("1001", CallState.TALKING)


def test_parked_callers_share_a_bridge_and_talk_with_nobody() -> None:
    other = Channel("other", "PJSIP/trunk-0002", "other", UP, NOW, "b1")
    there = floor(CALLER, other, parked="701")
    there.calls["other"] = CallFacts("other", NOW, parked="702")
    shown = show_call(there, there.calls["call"], parties_of(there, there.calls["call"]), NOW, None)
    assert (shown.state, shown.parked) == (CallState.QUEUED, "701")


def test_a_phone_that_is_gone_or_busy_is_not_rung() -> None:
    there = floor(CALLER, leg("1001", "b1", 3))
    require_free(there, "1002")
    for seat, why in (("1001", Why.NOT_NOW), ("1201", Why.SEAT_UNREACHABLE)):
        with pytest.raises(NotPossible) as raised:
            require_free(there, seat)
        assert raised.value.why is why


@pytest.mark.rule("A8")
@pytest.mark.parametrize(("paused", "seconds", "why"), [
    (Paused(NOW, "1001", "801"), 10, None), (Paused(NOW, "1001", "801"), 120, "too_long"),
    (Paused(NOW, "1002", "803"), 10, "left"), (Paused(NOW), 10, None), (Paused(NOW), 120, "too_long")])
def test_a_paused_recording_goes_on_when_its_agent_left_or_after_the_longest_pause(
        paused: Paused, seconds: int, why: str | None) -> None:
    there = floor(CALLER, leg("1001", "b1", 3), recording_paused=True)
    found = over(there, {"call": paused}, NOW + timedelta(seconds=seconds), timedelta(minutes=2))
    assert found == ({"call": why} if why else {})
