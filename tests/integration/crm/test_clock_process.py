"""`python -m crm` as it is run, killed again and again while clocks are due: each thing is told once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from callcenter.settings import CHECKOUT, new_settings
from crm.clocks import service
from crm.clocks.models import OfficeHours, TicketClock
from crm.database import Database
from crm.kinds.schema import ClockRule
from crm.notices.models import Notice
from crm.outbox.models import OutboxEntry
from crm.tickets.models import Ticket

TICKETS = 80      # two transactions
PATIENCE_S = 60.0
RULE = ClockRule.model_validate({"name": {"zh": "响应", "en": "Response"}, "runs_in": ["new"], "allowed": "1h",
                                 "ladder": [{"tell": "owner"}]})


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.005)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


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
    kills = 0
    while (left := not_told(database)) > 0:
        process = subprocess.Popen([sys.executable, "-m", "crm"], cwd=CHECKOUT, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=os.environ | {"SIXRING_STATE": str(instance.state)})
        try:
            until(lambda before=left: not_told(database) < before, "some clocks are told of")  # type: ignore[misc]
        finally:
            process.kill()
            process.wait()
        kills += 1
    assert kills >= 2
    with database.reading() as session:
        told = Counter((entry.what, entry.subject) for entry in session.scalars(select(OutboxEntry))
                       if entry.what.startswith("clock."))
        assert set(told.values()) == {1}
        assert len(told) == 4 * TICKETS     # started, warned, broken, climbed
        notices = Counter((notice.clock_id, notice.what, notice.whom) for notice in session.scalars(select(Notice)))
        assert set(notices.values()) == {1}
        assert session.get_one(OfficeHours, 1).schedule["calendar"] == "none"     # the site file's
