"""A site file without opening hours is a legal one: what goes by the office waits and is told of, everything else goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from callcenter.clock import FakeClock
from callcenter.events import Health
from callcenter.settings import CHECKOUT
from callcenter.site import Site, load_site
from crm.clocks import service
from crm.clocks.keeper import ClockKeeper
from crm.clocks.models import TicketClock
from crm.database import Database
from crm.kinds.schema import ClockRule
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)      # a Monday, 12:00
HOUR = timedelta(hours=1)
TZ = ZoneInfo("Asia/Shanghai")
BY_OFFICE = {"name": {"zh": "响应", "en": "Response"}, "runs_in": ["new"], "calendar": "office", "ladder": [{"tell": "leader"}]}
EMERGENCY = ClockRule.model_validate({**BY_OFFICE, "calendar": "always", "allowed": "1h"})
NINE_TO_SIX = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]


def site_of(hours: list[dict[str, object]]) -> Site:
    site = load_site(CHECKOUT / "asterisk-config/site.yaml")
    schedule = type(site.schedule).model_validate({"hours": hours})
    return site.model_copy(update={"schedule": schedule, "timezone": "Asia/Shanghai"})


class Told:
    def __init__(self) -> None:
        self.health: dict[str, tuple[Health, str]] = {}

    def __call__(self, component: str, state: Health, detail: str = "") -> None:
        self.health[component] = (state, detail)


def keep(database: Database, hours: list[dict[str, object]], now: datetime) -> tuple[Health, str]:
    """A crm with this site file, for a round."""
    told = Told()
    ClockKeeper(database, site_of(hours), FakeClock(now), told).step()
    return told.health["clocks"]


def clocks(database: Database) -> dict[str, TicketClock]:
    with database.reading() as session:
        return {row.clock: row for row in session.scalars(select(TicketClock))}


def follow(database: Database, stage: str, now: datetime, **rules: ClockRule) -> None:
    with database.writing.begin() as session:
        found = session.scalars(select(Ticket)).one_or_none()
        if found is None:
            found = Ticket(number="N1", kind="repair", stage=stage, fields={}, created_at=now)
            session.add(found)
        found.stage = stage
        service.follow(session, found, rules, now)


def by_office(allowed: str) -> ClockRule:
    return ClockRule.model_validate({**BY_OFFICE, "allowed": allowed, "pauses_in": ["waiting"]})


@pytest.mark.parametrize("allowed", ["2h", "1wd"])
def test_hours_that_were_taken_out_stop_the_offices_clocks_and_no_other_until_they_are_there_again(
        database: Database, allowed: str) -> None:
    assert keep(database, NINE_TO_SIX, NOW) == (Health.OK, "")
    follow(database, "new", NOW, office=by_office(allowed), emergency=EMERGENCY)
    due_at = clocks(database)["office"].due_at
    assert due_at is not None
    assert keep(database, [], NOW + HOUR) == (Health.DEGRADED, "never_open")
    found = clocks(database)
    assert (found["office"].due_at, found["office"].next_at, found["office"].broken_at) == (None, None, None)
    assert found["emergency"].broken_at == NOW + HOUR
    assert keep(database, NINE_TO_SIX, NOW + HOUR) == (Health.OK, "")
    assert clocks(database)["office"].due_at == due_at


@pytest.mark.parametrize("allowed", ["2h", "1wd"])
def test_a_clock_that_began_without_hours_is_paused_and_resumed_and_due_once_there_are_some(
        database: Database, allowed: str) -> None:
    keep(database, [], NOW)
    follow(database, "new", NOW, office=by_office(allowed))
    assert clocks(database)["office"].next_at is None
    follow(database, "waiting", NOW + HOUR / 2, office=by_office(allowed))
    keep(database, NINE_TO_SIX, NOW + HOUR)
    assert clocks(database)["office"].due_at is None      # rests
    follow(database, "new", NOW + HOUR, office=by_office(allowed))
    found = clocks(database)["office"]
    assert found.due_at is not None
    assert (found.due_at > NOW + HOUR, found.broken_at) == (True, None)
    assert found.next_at is not None


def test_another_term_of_a_clock_without_hours_is_not_due_at_once(database: Database) -> None:
    keep(database, [], NOW)
    follow(database, "new", NOW, office=by_office("2h"))
    follow(database, "new", NOW + HOUR, office=by_office("3wd"))
    assert (clocks(database)["office"].due_at, clocks(database)["office"].broken_at) == (None, None)
    follow(database, "new", NOW + 2 * HOUR, office=by_office("1h"))
    assert (clocks(database)["office"].due_at, clocks(database)["office"].broken_at) == (None, None)
    follow(database, "done", NOW + 3 * HOUR, office=by_office("1h"))
    assert clocks(database)["office"].kept


def test_rungs_of_a_broken_clock_wait_for_the_hours_too(database: Database) -> None:
    rule = ClockRule.model_validate({**BY_OFFICE, "allowed": "1h", "ladder": [{"after": "1h", "tell": "leader"}]})
    keep(database, NINE_TO_SIX, NOW)
    follow(database, "new", NOW, office=rule)
    keep(database, NINE_TO_SIX, NOW + HOUR)
    assert clocks(database)["office"].broken_at == NOW + HOUR
    assert keep(database, [], NOW + HOUR) == (Health.DEGRADED, "never_open")
    assert clocks(database)["office"].next_at is None
    keep(database, NINE_TO_SIX, NOW + HOUR)
    assert clocks(database)["office"].next_at == NOW + 2 * HOUR


def test_a_ticket_of_a_kind_that_goes_by_the_office_is_opened(database: Database) -> None:
    keep(database, [], NOW)
    with database.writing.begin() as session:
        assert open_ticket(session, SYSTEM, NewTicket("praise"), NOW, TZ)
    assert {row.calendar for row in clocks(database).values()} == {"office"}
    assert {row.next_at for row in clocks(database).values()} == {None}
