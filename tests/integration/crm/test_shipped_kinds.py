"""Every move of every shipped kind can be made, its clocks follow, and a year later nothing has stumbled over them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from crm.clocks.models import TicketClock
from crm.clocks.service import tick
from crm.database import Database, open_database
from crm.households.models import Building, Estate, Household
from crm.kinds.schema import FieldRule, FieldType, Kind
from crm.kinds.service import newest
from crm.outbox.models import OutboxEntry
from crm.staff.actor import SYSTEM
from crm.staff.models import User
from crm.tickets.models import Attachment, Ticket
from crm.tickets.schemas import Changes, NewTicket, Value
from crm.tickets.service import move, open_ticket

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PLAIN: dict[FieldType, Value] = {
    FieldType.TEXT: "A-1", FieldType.LONG_TEXT: "说明", FieldType.NUMBER: 2, FieldType.MONEY: "80.00", FieldType.YES_NO: True,
    FieldType.DATE: "2026-11-22", FieldType.TIME: "2026-11-24T10:00:00+08:00", FieldType.PHONE: "13900001234",
    FieldType.PERSON: "anna", FieldType.RATING: 2}


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    made = open_database(migrated_url)
    with made.writing.begin() as session:
        session.add_all([Estate(id=1, name="江湾"), User(id=1, name="anna", roles=[], password_hash="-", created_at=NOW)])
        session.flush()
        session.add(Building(id=1, estate_id=1, name="3"))
        session.flush()
        session.add(Household(id=1, building_id=1, estate_id=1, unit="1", room="502", label="3-1-502", room_key="3-1-502", tags=[]))
    yield made
    made.close()


def sample(rule: FieldRule, file: int) -> Value:
    if rule.type is FieldType.FILES:
        return [file]
    if rule.type in (FieldType.CHOICE, FieldType.CHOICES):
        first = next(iter(rule.options))
        return first if rule.type is FieldType.CHOICE else [first]
    return PLAIN[rule.type]


def filled_in(kind: Kind, only_if: dict[str, str], file: int) -> dict[str, object]:
    values: dict[str, object] = {name: sample(rule, file) for name, rule in kind.fields.items()}
    return values | {name: {"yes": True, "no": False}.get(wanted, wanted) for name, wanted in only_if.items()}


@pytest.mark.rule("J4", part="every shipped kind works as its file says")
def test_every_move_of_every_shipped_kind_can_be_made_and_its_clocks_follow(database: Database) -> None:
    made: list[tuple[str, str, str]] = []
    with database.writing.begin() as session:
        for kind in [one.kind for one in newest(session)]:
            for stage_name, stage in kind.stages.items():
                for to, way in stage.moves.items():
                    first = {name: sample(rule, 0) for name, rule in kind.fields.items() if rule.required}
                    row = open_ticket(session, SYSTEM, NewTicket(kind.kind, first, household_id=1), NOW, UTC)
                    assert row
                    file = Attachment(ticket_id=row.id, at=NOW, who="anna", name="x", type="image/png", bytes=1, sha256="0" * 64,
                                      path=f"x/{row.id}")
                    session.add(file)
                    session.flush()
                    row.stage, row.assignee_id = stage_name, 1
                    category = next(iter(kind.category_paths), None)
                    done = move(session, SYSTEM, row.id, to, Changes(filled_in(kind, way.only_if, file.id), category), NOW, UTC)
                    assert (done.stage, done.state) == (to, "closed" if kind.final(to) else "open")
                    made.append((kind.kind, stage_name, to))
    assert len(made) > 110
    for days in (1, 3, 8, 40, 365):
        with database.writing.begin() as session:
            while tick(session, NOW + timedelta(days=days)):
                pass
    with database.reading() as session:
        kinds = set(session.scalars(select(Ticket.kind).join(TicketClock, TicketClock.ticket_id == Ticket.id)))
        broken = session.scalar(select(func.count()).select_from(OutboxEntry).where(OutboxEntry.what == "clock.broken")) or 0
    assert kinds == {kind for kind, _, _ in made}, "each kind has started a clock"
    assert broken > 50
