"""`python -m crm` as it is run, killed again and again while clocks are due: each thing is told once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hotline.dying import killed_at_commit
from hotline.sessions import are_noticed_dead
from sqlalchemy import func, select

from callcenter.clock import SystemClock
from callcenter.settings import CHECKOUT, new_settings
from callcenter.site import load_site
from crm.clocks import service
from crm.clocks.keeper import ClockKeeper
from crm.clocks.models import OfficeHours, TicketClock
from crm.database import Database
from crm.kinds.schema import ClockRule
from crm.notices.models import Notice
from crm.outbox.models import OutboxEntry
from crm.tickets.models import Ticket

TICKETS = 80      # two transactions
RULE = ClockRule.model_validate({"name": {"zh": "响应", "en": "Response"}, "runs_in": ["new"], "allowed": "1h",
                                 "ladder": [{"tell": "owner"}]})


def not_told(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(TicketClock).where(TicketClock.next_at.is_not(None))) or 0


def test_a_process_that_is_killed_while_clocks_are_due_tells_each_thing_once(
        database: Database, database_url: str, tmp_path: Path) -> None:
    instance = new_settings(tmp_path / "state", offset=4200, site_file=CHECKOUT / "asterisk-config/site.yaml",
                            database_url=database_url, redis_url=f"unix://{tmp_path}/nothing.sock")
    instance.save()
    instance.secrets_file.write_text("{}")
    began = datetime.now(UTC) - timedelta(hours=3)
    with database.writing.begin() as session:
        for number in range(TICKETS):
            made = Ticket(number=f"D{number}", kind="repair", stage="new", fields={}, created_at=began)
            session.add(made)
            service.follow(session, made, {"response": RULE}, began)
    killed_at_commit(instance.state, "ticket_clocks", at=2)
    assert 0 < not_told(database) < TICKETS, "one transaction is kept, and one is lost"
    are_noticed_dead(database)
    left = not_told(database)
    killed_at_commit(instance.state, "ticket_clocks", at=1)
    are_noticed_dead(database)
    assert not_told(database) == left
    ClockKeeper(database, load_site(instance.site_file), SystemClock(), lambda *_: None).step()
    assert not_told(database) == 0
    with database.reading() as session:
        told = Counter((entry.what, entry.subject) for entry in session.scalars(select(OutboxEntry))
                       if entry.what.startswith("clock."))
        assert set(told.values()) == {1}
        assert len(told) == 4 * TICKETS     # started, warned, broken, climbed
        notices = Counter((notice.clock_id, notice.what, notice.whom) for notice in session.scalars(select(Notice)))
        assert set(notices.values()) == {1}
        assert session.get_one(OfficeHours, 1).schedule["calendar"] == "none"     # the site file's
