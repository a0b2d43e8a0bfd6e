"""The list shows what may be read and nothing else, page by page, whatever is asked for."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from callcenter.errors import NotFound
from callcenter.roles import Role
from crm.database import Database, open_database
from crm.households.models import Estate
from crm.kinds.load import shipped_texts
from crm.kinds.service import write_kind
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.staff.models import User
from crm.tickets.listing import Wanted, tickets
from crm.tickets.models import Ticket
from crm.tickets.reading import visible
from crm.tickets.schemas import NewTicket
from crm.tickets.service import close_by_machine, open_ticket

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KINDS = ("repair", "media", "vacant_check", "archive_loan", "enquiry")
PEOPLE = (1, 2, 3)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """Some tickets of each kind, of each estate and of none, of each owner, assignee and asked person and of none; the kind
    `enquiry` is the manager's alone in its second version."""
    made = open_database(migrated_url)
    dice = random.Random(7)
    with made.writing.begin() as session:
        session.add_all([*(Estate(id=n, name=f"小区{n}") for n in (1, 2)),
                         *(User(id=n, name=f"user{n}", roles=[], password_hash="-", created_at=NOW) for n in PEOPLE)])
        session.flush()
        for turn, (_, kind, estate) in enumerate(itertools.product(range(6), KINDS, (None, 1, 2))):
            if turn == 45:
                secret = shipped_texts()["enquiry"].replace(
                    "seen_by: [agent, leader, supervisor, duty_lead, manager, office, admin]", "seen_by: [manager]")
                assert write_kind(session, SYSTEM, "enquiry", secret, NOW).version == 2
            row = open_ticket(session, SYSTEM, NewTicket(kind, estate_id=estate), NOW, UTC)
            assert row
            row.owner_id, row.assignee_id, row.offered_to_id = (dice.choice([None, None, *PEOPLE]) for _ in range(3))
            if dice.random() < 0.5:
                close_by_machine(session, row.id, NOW, UTC)
    yield made
    made.close()


def actors() -> Iterator[Actor]:
    for role in (Role.AGENT, Role.ENGINEER, Role.MANAGER, Role.SPOKESPERSON, Role.OPERATIONS):
        for estates in (None, frozenset({1}), frozenset[int]()):
            yield Actor("user1", 1, frozenset({role}), estates)
    yield SYSTEM


FILTERS = (Wanted(), Wanted(state="open"), Wanted(kind="enquiry"), Wanted(kind="media", state="closed"), Wanted(estate_id=1),
           Wanted(owner="user2"), Wanted(assignee="user1", state="open"), Wanted(kind="repair", estate_id=2),
           Wanted(owner="nobody"))


def fits(row: Ticket, wanted: Wanted) -> bool:
    names = {f"user{n}": n for n in PEOPLE}
    return (wanted.state in (None, row.state) and wanted.kind in (None, row.kind) and wanted.estate_id in (None, row.estate_id)
            and (wanted.owner is None or names.get(wanted.owner, -1) == row.owner_id)
            and (wanted.assignee is None or names[wanted.assignee] == row.assignee_id))


@pytest.mark.rule("K1", part="the list of tickets and each one agree")
def test_the_list_has_each_ticket_that_may_be_read_once_and_no_other(database: Database) -> None:
    with database.reading() as session:
        rows = session.scalars(select(Ticket).order_by(Ticket.id.desc())).all()
        sizes = set()
        for actor in actors():
            readable = [row for row in rows if may_read(database, actor, row.id)]
            for wanted in FILTERS:
                listed, cursor = [], None
                while True:
                    page = tickets(session, View(actor), wanted, cursor=cursor, limit=7)
                    listed += [one.ticket_id for one in page.items]
                    if (cursor := page.next) is None:
                        break
                assert listed == [row.id for row in readable if fits(row, wanted)], (actor, wanted)
                sizes.add(len(listed))
            if actor.user_id is not None:
                mine = tickets(session, View(actor), replace(Wanted(), mine=True), limit=200).items
                assert [one.ticket_id for one in mine] == [
                    row.id for row in rows if actor.user_id in (row.owner_id, row.assignee_id, row.offered_to_id)]
    assert len(sizes) > 10, "the filters and the actors differ"


def may_read(database: Database, actor: Actor, ticket_id: int) -> bool:
    with database.reading() as session:
        try:
            visible(session, actor, ticket_id)
        except NotFound:
            return False
        return True
