"""Silence is a symptom: a process that stops writing its key is down, and nobody has to say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from callcenter.events import ComponentHealth, Health
from dashboard.live.health import PROCESSES, health_changes

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)
WELL = {name: ComponentHealth(name, Health.OK, SINCE) for name in PROCESSES}


def test_nothing_has_changed_while_everybody_writes_the_same() -> None:
    assert health_changes(WELL, WELL, WELL.keys(), NOW) == []


def test_a_process_that_never_wrote_is_down() -> None:
    changes = health_changes({}, {}, (), NOW)
    assert {(item.component, item.state, item.detail) for item in changes} == {
        (name, Health.DOWN, "silent") for name in PROCESSES}


def test_a_process_that_falls_silent_is_down_from_now_and_is_told_once() -> None:
    rest = {name: health for name, health in WELL.items() if name != "crm"}
    first = health_changes(WELL, rest, WELL.keys(), NOW)
    assert first == [ComponentHealth("crm", Health.DOWN, NOW, "silent")]
    assert health_changes(WELL | {"crm": first[0]}, rest, WELL.keys(), NOW + timedelta(seconds=2)) == []


def test_a_process_that_writes_again_is_well_again() -> None:
    known = WELL | {"crm": ComponentHealth("crm", Health.DOWN, NOW, "silent")}
    assert health_changes(known, WELL, WELL.keys(), NOW) == [WELL["crm"]]


def test_what_nobody_looks_at_any_more_is_unknown_and_not_broken() -> None:
    disk = ComponentHealth("disk", Health.OK, SINCE)
    assert health_changes(WELL | {"disk": disk}, WELL, {*WELL, "disk"}, NOW) == [
        ComponentHealth("disk", Health.DEGRADED, NOW, "silent")]


def test_a_key_that_is_older_than_what_the_bus_told_does_not_undo_it() -> None:
    told = WELL | {"trunk": ComponentHealth("trunk", Health.DOWN, NOW, "unreachable")}
    stale = WELL | {"trunk": ComponentHealth("trunk", Health.OK, SINCE)}
    assert health_changes(told, stale, stale.keys(), NOW) == []


def test_a_component_that_only_the_bus_tells_of_is_not_taken_for_silent() -> None:
    told = WELL | {"asterisk": ComponentHealth("asterisk", Health.OK, SINCE)}
    assert health_changes(told, WELL, WELL.keys(), NOW) == []
