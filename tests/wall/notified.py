"""Two estates and who works there, with a ticket whose clock runs: for tests of who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from callcenter.clock import FakeClock
from callcenter.events import Health
from callcenter.site import Site
from crm.clocks import service as clocks
from crm.clocks.keeper import ClockKeeper
from crm.database import Database
from crm.households.models import Estate
from crm.kinds.schema import ClockRule
from crm.notices import service
from crm.notices.models import Notice, NoticePerson
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.models import Ticket

NOW = datetime(2026, 12, 31, 4, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LADDER = ({"tell": "assignee"}, {"after": "30m", "tell": "leader"}, {"after": "8h", "tell": "operations"})
PEOPLE = {"ben": ["engineer"], "anna": ["leader"], "otto": ["leader"], "sue": ["supervisor"],
          "max": ["manager"], "olga": ["operations"]}


def rule(*ladder: Mapping[str, str]) -> dict[str, ClockRule]:
    return {"response": ClockRule.model_validate({
        "name": {"zh": "响应时限", "en": "Response"}, "runs_in": ["new"], "pauses_in": [], "allowed": "1h",
        "ladder": ladder or LADDER})}


@dataclass
class House:
    """Two estates; otto leads the other one."""

    database: Database
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    users: dict[str, int] = field(default_factory=dict)
    health: dict[str, tuple[Health, str]] = field(default_factory=dict)

    def report(self, component: str, state: Health, detail: str = "") -> None:
        self.health[component] = (state, detail)

    def open(self, assignee: str | None = "ben", *ladder: Mapping[str, str]) -> None:
        with self.database.writing.begin() as session:
            made = Ticket(number="R1", kind="repair", stage="new", fields={}, created_at=NOW, estate_id=1,
                          contact_number="13800000000", title="王小姐家漏水",
                          assignee_id=self.users[assignee] if assignee else None)
            session.add(made)
            clocks.follow(session, made, rule(*ladder), NOW)

    def at(self, after: timedelta, site: Site) -> None:
        self.clock = FakeClock(NOW + after)
        ClockKeeper(self.database, site, self.clock, self.report).step()

    def told(self) -> list[tuple[str, list[str]]]:
        """(to whom, who that was) in the order in which they were told."""
        names = {user_id: name for name, user_id in self.users.items()}
        with self.database.reading() as session:
            people = list(session.scalars(select(NoticePerson)))
            return [(notice.whom, sorted(names[one.user_id] for one in people if one.notice_id == notice.id))
                    for notice in session.scalars(select(Notice).order_by(Notice.id))]

    def acknowledge(self, name: str, notice_id: int) -> Notice:
        with self.database.writing.begin() as session:
            return service.acknowledge(session, Actor(name, self.users[name]), notice_id, self.clock.now())


def furnish(database: Database) -> House:
    made = House(database)
    with database.writing.begin() as session:
        session.add_all([Estate(id=1, name="云栖花园", name_en="Yunqi Garden"), Estate(id=2, name="江湾一号")])
        session.flush()
        for name, roles in PEOPLE.items():
            user = User(name=name, roles=roles, estates=[2] if name == "otto" else [1] if name == "anna" else None,
                        password_hash="-", active=True, created_at=NOW)
            session.add(user)
            session.flush()
            made.users[name] = user.id
    return made
