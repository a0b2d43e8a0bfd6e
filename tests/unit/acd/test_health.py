"""Health is told only when it changes, and says what it was judged by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acd.health.checks import (
    HealthBook,
    asterisk_verdict,
    disk_verdict,
    heartbeat_verdict,
    judge,
    link_verdict,
    trunk_verdict,
)
from callcenter.disk import GIGABYTE, DiskLimits
from callcenter.events import ComponentHealth, Health

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = T0 + timedelta(seconds=5)


@pytest.mark.rule("C2")
def test_a_fault_is_told_once_with_when_it_began_and_its_end_is_told() -> None:
    book, first = judge(HealthBook(), "trunk", (Health.OK, "reachable"), T0)
    book, same = judge(book, "trunk", (Health.OK, "reachable"), LATER)
    book, down = judge(book, "trunk", (Health.DOWN, "unreachable"), LATER)
    book, still = judge(book, "trunk", (Health.DOWN, "unreachable"), LATER + timedelta(seconds=5))
    book, back = judge(book, "trunk", (Health.OK, "reachable"), LATER + timedelta(seconds=9))
    assert [len(change) for change in (first, same, down, still, back)] == [1, 0, 1, 0, 1]
    assert down[0].health == ComponentHealth("trunk", Health.DOWN, LATER, "unreachable")


def test_a_new_figure_keeps_the_time_since_when_the_state_holds() -> None:
    book, _ = judge(HealthBook(), "disk", (Health.OK, "free_gb=40"), T0)
    book, change = judge(book, "disk", (Health.OK, "free_gb=39"), LATER)
    assert (change[0].health.since, change[0].health.detail) == (T0, "free_gb=39")


@pytest.mark.parametrize(("free", "state"), [(40, Health.OK), (4, Health.DEGRADED), (0, Health.DOWN)])
def test_the_disk_is_judged_by_what_is_left_for_recordings(free: int, state: Health) -> None:
    assert disk_verdict(free * GIGABYTE, DiskLimits()) == (state, f"free_gb={free}")


def test_a_loopback_trunk_is_up_when_its_endpoint_is_loaded() -> None:
    row = {"objectname": "trunk", "devicestate": "Unavailable"}
    assert trunk_verdict("loopback", [row], [])[0] is Health.OK
    assert trunk_verdict("loopback", [], []) == (Health.DOWN, "no_trunk")


def test_an_ip_trunk_is_as_good_as_its_qualify() -> None:
    assert trunk_verdict("ip", [{"objectname": "trunk", "devicestate": "Not in use"}], [])[0] is Health.OK
    assert trunk_verdict("ip", [{"objectname": "trunk", "devicestate": "Unavailable"}], []) == (
        Health.DOWN, "unreachable")


@pytest.mark.parametrize(("status", "state"), [("Registered", Health.OK), ("Unregistered", Health.DEGRADED),
                                               ("Rejected", Health.DOWN)])
def test_a_registering_trunk_is_as_good_as_its_registration(status: str, state: Health) -> None:
    trunk = {"objectname": "trunk", "devicestate": "Not in use"}
    assert trunk_verdict("register", [trunk], [{"status": status}]) == (state, status.lower())


def test_one_node_of_two_down_is_degraded_and_all_is_down() -> None:
    assert link_verdict({}, ["node1", "node2"]) == (Health.OK, "")
    assert link_verdict({"node2": "ami_lost"}, ["node1", "node2"]) == (Health.DEGRADED, "node2:ami_lost")
    assert link_verdict({"node1": "ami_lost"}, ["node1"]) == (Health.DOWN, "ami_lost")
    assert asterisk_verdict({"node1": None})[0] is Health.DOWN
    answer = {"corestartupdate": "2026-11-22", "corestartuptime": "08:00:00", "corecurrentcalls": "3"}
    assert asterisk_verdict({"node1": answer}) == (Health.OK, "started=2026-11-22T08:00:00 calls=3")


def test_a_process_that_no_longer_beats_is_down() -> None:
    assert heartbeat_verdict(None) == (Health.DOWN, "no_heartbeat")
    assert heartbeat_verdict(ComponentHealth("crm", Health.DEGRADED, T0, "database")) == (Health.DEGRADED, "database")
