"""The thread's work in a process of its own, killed again and again while a month's checks make themselves: each is made once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from callcenter.clock import SystemClock
from callcenter.settings import CHECKOUT
from callcenter.site import load_site
from crm.database import Database
from crm.households.models import Building, Estate, Household
from crm.households.tags import set_tags
from crm.ledgers.keeper import LedgerKeeper
from crm.ledgers.models import LedgerPeriod
from crm.ledgers.service import AT_ONCE
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

FLATS = AT_ONCE + 5
PATIENCE_S = 120.0
KINDS = {"vacant_check", "vacant_list", "digest"}
# Killed as it is about to commit for the second time: a part is made and kept, one is made and lost, whatever the machine does.
CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from callcenter.clock import SystemClock
from callcenter.site import load_site
from crm.database import open_database
from crm.ledgers.keeper import LedgerKeeper
database, commits = open_database(sys.argv[1]), []
def one_more(connection):
    commits.append(connection)
    if len(commits) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(database.engine, "commit", one_more)
LedgerKeeper(database, load_site(Path(sys.argv[2])), SystemClock(), lambda *_: None).step()
"""


def made(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Ticket.cause.startswith("recurs:vacant_check:"))) or 0


def periods(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(LedgerPeriod.kind)))


def vacant(session: Session, flats: int) -> None:
    session.add(Estate(id=1, name="江湾"))
    session.flush()
    session.add(Building(id=1, estate_id=1, name="3"))
    session.flush()
    for number in range(flats):
        room = f"3-1-{number}"
        home = Household(building_id=1, estate_id=1, unit="1", room=str(number), label=room, room_key=room, tags=[])
        session.add(home)
        session.flush()
        set_tags(session, home, ["vacant"])


def test_whoever_makes_a_month_of_checks_looks_up_the_many_that_are_made_already_by_hundreds(database: Database) -> None:
    flats, looked = 3 * AT_ONCE, []
    with database.writing.begin() as session:
        vacant(session, flats)
    event.listen(database.engine, "before_cursor_execute", lambda *given: looked.append("WHERE tickets.cause" in given[2]))
    LedgerKeeper(database, load_site(CHECKOUT / "asterisk-config/site.yaml"), SystemClock(), lambda *_: None).step()
    assert made(database) == flats
    assert flats < sum(looked) < flats + AT_ONCE, "each for its own cause when it is opened, and hardly any more"


@pytest.mark.rule("J2", part="exactly once, whoever is killed in the middle")
@pytest.mark.rule("E8", part="exactly once a day, whoever is killed in the middle")
def test_a_process_that_is_killed_while_the_month_s_checks_are_made_makes_each_once(
        database: Database, database_url: str) -> None:
    began = datetime.now(UTC) - timedelta(days=2)
    with database.writing.begin() as session:
        vacant(session, FLATS)
        good = [open_ticket(session, SYSTEM, NewTicket("suggestion", {"what": "x", "good": True}, estate_id=1), began, UTC)
                for _ in range(3)]
        assert all(good)
    deaths = 0
    while not periods(database) >= KINDS:
        before = made(database), periods(database)
        child = subprocess.run([sys.executable, "-c", CHILD, database_url, str(CHECKOUT / "asterisk-config/site.yaml")],
                               cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=False, timeout=PATIENCE_S)
        assert child.returncode in (0, -signal.SIGKILL)
        assert (made(database), periods(database)) != before
        deaths += child.returncode == -signal.SIGKILL
    assert deaths >= 2
    with database.reading() as session:
        causes = Counter(session.scalars(select(Ticket.cause).where(Ticket.cause.startswith("recurs:"))))
        assert set(causes.values()) == {1}
        of = Counter(cause.split(":")[1] for cause in causes if cause is not None)
        assert of == {"vacant_check": FLATS, "vacant_list": 1, "digest": 1}
        [compiled] = session.scalars(select(Ticket).where(Ticket.kind == "digest"))
        assert session.scalar(select(func.count()).where(Ticket.parent_id == compiled.id, Ticket.stage == "compiled")) == 3
