"""The fan-out: nobody misses an event, nobody's slowness costs the others anything, the wall learns no names."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from wall.scene import busy_floor, everything_that_can_happen

from callcenter.board import BOARD, replay
from callcenter.clock import FakeClock
from callcenter.events import (
    AgentChanged,
    AgentShown,
    AgentState,
    AnyEvent,
    Board,
    Callback,
    CallbackChanged,
    CallbackState,
    CallEnded,
    ComponentHealth,
    DeskChanged,
    FloorReset,
    Health,
    HealthChanged,
    IncidentChanged,
    OrderCarriedOut,
    RosterChanged,
    TicketOpened,
)
from callcenter.roster import Roster
from callcenter.storm import Incident
from dashboard.live.frames import Audience, Cause, Listener
from dashboard.live.hub import Client, Hub

STAFF, WALL = Listener(Audience.STAFF), Listener(Audience.WALL)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


async def drained(client: Client) -> list[dict[str, Any]]:
    """What is in the client's queue now."""
    found = []
    while True:
        try:
            found.append(json.loads(await asyncio.wait_for(client.next(), 0.01)))
        except TimeoutError:
            return found


def heard(client: Client) -> list[dict[str, Any]]:
    return asyncio.run(drained(client))


def running_hub(**limits: int) -> Hub:
    hub = Hub(FakeClock(NOW), **limits)
    hub.restore("e1", "100-0", Board())
    return hub


def ended(number: int) -> CallEnded:
    return CallEnded(NOW, f"node1-{number}", "answered")


def test_a_new_client_gets_the_board_and_then_what_follows() -> None:
    hub = running_hub()
    for place, event in enumerate(busy_floor(NOW)):
        hub.publish(f"101-{place}", event)
    client = hub.join(STAFF)
    hub.publish("102-0", ended(1))
    snapshot, told = heard(client)
    assert snapshot["type"] == "snapshot"
    assert snapshot["epoch"] == "e1"
    assert BOARD.validate_python(snapshot["board"]) == hub.board
    assert (told["type"], told["cursor"], told["event"]["type"]) == ("event", "102-0", "CallEnded")


def test_a_client_that_comes_back_gets_just_what_it_missed() -> None:
    hub = running_hub()
    for number in range(1, 6):
        hub.publish(f"{100 + number}-0", ended(number))
    client = hub.join(STAFF, epoch="e1", cursor="103-0")
    messages = heard(client)
    assert [item["type"] for item in messages] == ["ping", "event", "event"]
    assert [item["cursor"] for item in messages[1:]] == ["104-0", "105-0"]


@pytest.mark.parametrize(("epoch", "cursor"), [
    ("e0", "103-0"),            # another Redis
    ("e1", "99-0"),             # longer ago than this process knows
    ("e1", "999-0"),            # ahead of this process
    ("e1", "103"), ("e1", ""), ("", "103-0"), ("e1", "１０３-0x"),
])
def test_a_client_that_cannot_resume_gets_a_snapshot(epoch: str, cursor: str) -> None:
    hub = running_hub()
    for number in range(1, 6):
        hub.publish(f"{100 + number}-0", ended(number))
    assert [item["type"] for item in heard(hub.join(STAFF, epoch=epoch, cursor=cursor))] == ["snapshot"]


def test_events_that_are_no_longer_kept_are_not_skipped_in_silence() -> None:
    hub = running_hub(kept=3)
    for number in range(1, 6):
        hub.publish(f"{100 + number}-0", ended(number))
    assert [item["type"] for item in heard(hub.join(STAFF, epoch="e1", cursor="101-0"))] == ["snapshot"]
    resumed = heard(hub.join(STAFF, epoch="e1", cursor="102-0"))
    assert [item.get("cursor") for item in resumed] == [None, "103-0", "104-0", "105-0"]


def test_health_that_has_no_place_on_the_bus_is_told_to_a_client_that_resumes() -> None:
    hub = running_hub()
    hub.publish("101-0", ended(1))
    hub.publish("101-0", HealthChanged(NOW, ComponentHealth("acd", Health.DOWN, NOW, "silent")))
    messages = heard(hub.join(STAFF, epoch="e1", cursor="101-0"))
    assert [item["event"]["health"]["component"] for item in messages if item["type"] == "event"] == ["acd"]


def test_a_slow_client_is_dropped_and_its_memory_freed_while_others_go_on() -> None:
    async def shift() -> int:
        received = 0
        for number in range(50):
            hub.publish(f"{200 + number}-0", ended(number))
            received += len(await drained(quick)) if number % 5 == 0 else 0
        return received + len(await drained(quick))

    hub = running_hub(client_frames=10)
    slow, quick = hub.join(STAFF), hub.join(STAFF)
    assert asyncio.run(shift()) == 51  # its snapshot and all fifty
    assert not quick.dropped.is_set()
    assert slow.dropped.is_set()
    assert heard(slow) == []


def test_a_lost_redis_is_told_once_and_its_return_brings_a_fresh_snapshot() -> None:
    hub = running_hub()
    client = hub.join(STAFF)
    hub.degrade(Cause.REDIS)
    hub.degrade(Cause.REDIS)
    late = hub.join(STAFF, epoch="e1", cursor="100-0")
    hub.restore("e2", "5-0", Board(queues=("repair",)))
    assert [item["type"] for item in heard(client)] == ["snapshot", "degraded", "snapshot"]
    degraded, snapshot = heard(late)
    assert (degraded["type"], degraded["cause"]) == ("degraded", "redis")
    assert (snapshot["epoch"], snapshot["board"]["queues"]) == ("e2", ["repair"])


@pytest.mark.rule("K1", part="the wallboard's part only")
def test_the_wall_never_learns_who_calls() -> None:
    hub = running_hub()
    first, resumed = hub.join(WALL), hub.join(WALL, epoch="e1", cursor="100-0")
    for place, event in enumerate(everything_that_can_happen(NOW)):
        hub.publish(f"101-{place}", event)
    late = hub.join(WALL)
    texts = [json.dumps(message, ensure_ascii=False) for client in (first, resumed, late) for message in heard(client)]
    private = {value for call in replay(Board(), busy_floor(NOW)).calls.values()
               for value in (call.name, call.room, call.number) if value}
    assert len(private) > 10
    told = "".join(texts)
    assert "node1-1763800000.44" in told
    assert [value for value in private if value in told] == []
    assert "TicketOpened" not in told
    assert '"household_id": 44' not in told


@pytest.mark.rule("K1", part="callbacks and calls for help on the wall")
def test_the_wall_learns_no_number_of_a_callback_and_no_words_of_who_asks_for_help() -> None:
    hub = running_hub()
    client = hub.join(WALL)
    asks = AgentShown("801", "陈静", "day", AgentState.TALKING, NOW, "1001", help_since=NOW, help_reason="王秀兰骂人")
    callback = Callback("cb-9", "repair", "+8613800138077", CallbackState.WAITING, NOW, NOW)
    for place, event in enumerate((AgentChanged(NOW, asks), CallbackChanged(NOW, callback), FloorReset(NOW, (), (), (), (asks,)),
                                   OrderCarriedOut(NOW, "o", "leader", "Transfer", "agent:801", "done", "+8613800138077"))):
        hub.publish(f"101-{place}", event)
    messages = heard(client) + heard(hub.join(WALL))
    told = json.dumps(messages, ensure_ascii=False)
    assert "cb-9" in told
    assert told.count("陈静") == 3
    assert "+8613800138077" not in told
    assert "王秀兰" not in told


@pytest.mark.rule("K1", part="emergencies on the wall")
def test_the_wall_learns_in_which_estate_an_emergency_is_and_nothing_written_by_hand() -> None:
    hub = running_hub()
    wall, staff = hub.join(WALL), hub.join(STAFF)
    hub.publish("101-0", IncidentChanged(NOW, Incident("7", "medical", 2, NOW, "江湾", "3 王秀兰家502", "陈静", steps_open=4)))
    told = json.dumps(heard(wall) + heard(hub.join(WALL)), ensure_ascii=False)
    assert told.count("江湾") == 2
    assert "王秀兰" not in told
    assert json.dumps(heard(staff) + heard(hub.join(STAFF)), ensure_ascii=False).count("3 王秀兰家502") == 2


def test_no_page_is_sent_the_roster() -> None:
    hub = running_hub()
    clients = hub.join(STAFF), hub.join(WALL)
    hub.publish("101-0", RosterChanged(NOW, Roster({})))
    hub.publish("102-0", ended(1))
    for client in clients:
        assert [item.get("cursor") for item in heard(client)] == ["100-0", "102-0"]


def test_staff_learn_of_new_tickets() -> None:
    hub = running_hub()
    client = hub.join(STAFF)
    hub.publish("101-0", TicketOpened(NOW, 7, "C20261122-0007", "repair"))
    assert heard(client)[-1]["event"]["number"] == "C20261122-0007"


@pytest.mark.rule("K1", part="estates on the live feed")
def test_what_happens_at_the_desk_is_heard_by_those_who_see_its_estate_and_by_no_wall() -> None:
    hub = running_hub()
    one, all_estates, wall = hub.join(Listener(Audience.STAFF, frozenset({1}))), hub.join(STAFF), hub.join(WALL)
    without_callers = hub.join(Listener(Audience.WALL, frozenset({1}), desk=True))
    for entry, estate_id in enumerate((1, 2, None)):
        hub.publish(f"101-{entry}", DeskChanged(NOW, entry, "ticket.moved", f"ticket:{entry}", estate_id, {"kind": "repair"}))
    resumed = hub.join(Listener(Audience.STAFF, frozenset({2})), epoch="e1", cursor="100-0")

    def subjects(client: Client) -> list[str]:
        return [item["event"]["subject"] for item in heard(client) if item["type"] == "event"]

    assert subjects(one) == ["ticket:0", "ticket:2"]
    assert subjects(all_estates) == ["ticket:0", "ticket:1", "ticket:2"]
    assert subjects(wall) == []
    assert subjects(without_callers) == ["ticket:0", "ticket:2"], "an office of one estate has the pages of its tickets"
    assert subjects(resumed) == ["ticket:1", "ticket:2"]


@pytest.mark.rule("K1", part="estates on the live feed")
def test_of_emergencies_and_new_tickets_those_hear_who_see_their_estate_also_in_a_snapshot_and_on_a_wall() -> None:
    hub = running_hub()
    listeners = [Listener(audience, estates) for audience in (Audience.STAFF, Audience.WALL) for estates in (frozenset({1}), None)]
    there = [hub.join(listener) for listener in listeners]
    for number, estate_id in enumerate((1, 2, None)):
        incident = Incident(str(number), "medical", 2, NOW, place="502", estate_id=estate_id)
        hub.publish(f"101-{number}", IncidentChanged(NOW, incident))
        hub.publish(f"102-{number}", TicketOpened(NOW, number, f"RE-{number}", "repair", estate_id=estate_id))
    late = [hub.join(listener) for listener in listeners]
    hub.restore("e1", "102-2", hub.board)

    def incidents(client: Client) -> tuple[list[str], list[int], set[str]]:
        told = [item for item in heard(client) if item["type"] in ("event", "snapshot")]
        events = [item["event"] for item in told if item["type"] == "event"]
        shown = [one["incident"] for one in events if one["type"] == "IncidentChanged"]
        shown += [one for item in told if item["type"] == "snapshot" for one in item["board"]["incidents"].values()]
        return ([one["incident_id"] for one in shown], [one["ticket_id"] for one in events if one["type"] == "TicketOpened"],
                {one["place"] for one in shown})

    of_one, of_all = ["0", "2"], ["0", "1", "2"]
    assert [incidents(client) for client in there] == [
        (of_one * 2, [0, 2], {"502"}), (of_all * 2, [0, 1, 2], {"502"}), (of_one * 2, [], {""}), (of_all * 2, [], {""})]
    assert [incidents(client)[0] for client in late] == [of_one * 2, of_all * 2] * 2


@pytest.mark.rule("K1", part="kinds on the live feed")
@pytest.mark.parametrize(("event", "heard_by_all"), [
    (TicketOpened(NOW, 7, "ME20261122-0007", "media"), False),
    (TicketOpened(NOW, 7, "RE20261122-0007", "repair"), True),
    (DeskChanged(NOW, 1, "ticket.moved", "ticket:7", None, {"kind": "media"}), False),
    (DeskChanged(NOW, 1, "clock.broken", "ticket:7", None, {"kind": "media", "clock": "taken"}), False),
    (DeskChanged(NOW, 1, "clock.broken", "ticket:7", None, {"clock": "taken"}), False),
    (DeskChanged(NOW, 1, "clock.broken", "ticket:7", None, {"kind": "repair", "clock": "arrive"}), True),
    (DeskChanged(NOW, 1, "notice.sent", "notice:3", None, {"kind": "media", "ticket": 7}), False),
    (DeskChanged(NOW, 1, "notice.sent", "notice:3", None, {"kind": "repair", "ticket": 7}), True),
    (DeskChanged(NOW, 1, "kind.written", "kind:media", None, {"version": 2}), False),
    (DeskChanged(NOW, 1, "kind.written", "kind:repair", None, {"version": 2}), True),
    (DeskChanged(NOW, 1, "household.changed", "household:7", None, {"version": 2}), True),
])
def test_what_is_of_a_kind_of_ticket_is_heard_by_those_who_see_the_kind(event: AnyEvent, heard_by_all: bool) -> None:
    hub = running_hub()
    agent = hub.join(Listener(Audience.STAFF, kinds=frozenset({"repair"})))
    everybody = hub.join(STAFF)
    hub.publish("101-0", event)
    resumed = hub.join(Listener(Audience.STAFF, kinds=frozenset({"repair"})), epoch="e1", cursor="100-0")
    assert [[item["type"] for item in heard(one)].count("event") for one in (agent, resumed, everybody)] == [
        heard_by_all, heard_by_all, True]
