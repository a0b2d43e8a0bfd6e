"""People are forgotten: by rule when their time is over, and one by one when they ask. Figures stay true."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect, select, text

from callcenter.clock import FakeClock
from callcenter.errors import Forbidden, NotFound
from callcenter.roles import Role
from callcenter.site import load_site
from callcenter.site.desk import Retention
from crm.callbacks.models import CallbackRow
from crm.calls.models import CallRow, ContactEntry, TalkSegment
from crm.calls.record import CallRecord
from crm.calls.store import record_of, save
from crm.database import Database, open_database
from crm.households.merge import merge, undo
from crm.households.models import Building, Estate, Household, Person, PhoneNumber
from crm.kinds.service import put_shipped
from crm.privacy import doomed, retention
from crm.privacy.erase import AlreadyErased, StillWaiting, erase_person
from crm.privacy.models import DoomedFile
from crm.privacy.retention import months_before, plan, run
from crm.privacy.service import ReasonMissing
from crm.privacy.worker import Forgetter
from crm.recordings.models import RecordingNote, SealedRecording
from crm.reports.service import Asked, figure_rows
from crm.reports.slices import By
from crm.staff.actor import Actor
from crm.staff.audit import audit_of
from crm.staff.verify import verify
from crm.texts.models import Text
from crm.tickets.models import Ticket, TicketEvent

CHECKOUT = Path(__file__).resolve().parents[3]
TZ = ZoneInfo("Asia/Shanghai")
KEEP = Retention(calls_months=24, tickets_months=36, audit_years=5)
MANAGER = Actor("manager", roles=frozenset({Role.MANAGER}))
NUMBER, OTHERS = "+8613812346666", "+8613900000000"
SECRETS = ("13812346666", "王小明", "钥匙在门垫下")


def call(database: Database, call_id: str, at: datetime, number: str = NUMBER) -> None:
    with database.writing.begin() as session:
        save(session, None, CallRecord(call_id, entered_at=at, started_at=at, queue="repair", queued_at=at, number=number,
                                       connected_at=at + timedelta(seconds=5), ended_at=at + timedelta(minutes=1),
                                       callback_number=number, recording=f"{call_id}.wav"), "node1", 5)
        row = session.get_one(CallRow, call_id)
        row.household_id, row.recording_state, row.recording_sha256 = 1, "sealed", "0" * 64
        session.add_all([
            SealedRecording(call_id=call_id, path=f"{call_id}.wav.k1.sxr", key_id="1", sealed_at=at, sealed_bytes=1,
                            sealed_sha256="0" * 64, peaks=b"\1"),
            RecordingNote(call_id=call_id, at_s=1.0, text="王小明 says", who="leader", created_at=at),
            TalkSegment(call_id=call_id, place=9, seat=None, number=number, kind="talk", began_at=at, ended_at=at),
            ContactEntry(source="call", call_id=call_id, seat="1001", at=at, household_id=1, name="王小明", contact=number,
                         room="1-1-101", matter="钥匙在门垫下", kind="repair", declined_contact=False),
            CallbackRow(callback_id=call_id, queue="repair", number=number, household_id=1, state="done", attempts=1, asked_at=at,
                        since=at),
            Text(purpose="thanks", subject=call_id, channel="text", address=number, household_id=1, language="zh", made_at=at)])


def ticket(database: Database, ident: int, at: datetime, *, closed_at: datetime | None, call_id: str | None = None) -> None:
    with database.writing.begin() as session:
        session.add(Ticket(id=ident, number=f"C-{ident}", kind="repair", stage="archived" if closed_at else "reported", estate_id=1,
                           state="closed" if closed_at else "open", household_id=1, call_id=call_id, contact_number=NUMBER,
                           notes="钥匙在门垫下", fields={"nobody-knows": "钥匙在门垫下"}, created_at=at, closed_at=closed_at))
        session.flush()
        session.add(TicketEvent(ticket_id=ident, at=at, who="agent", what="noted", data={"text": "王小明: 钥匙在门垫下"}))


@pytest.fixture
def home(database: Database, now: datetime) -> None:
    with database.writing.begin() as session:
        put_shipped(session, now)
        session.add(Estate(id=1, name="云栖"))
        session.flush()
        session.add(Building(id=1, estate_id=1, name="1"))
        session.flush()
        session.add(Household(id=1, building_id=1, estate_id=1, unit="1", room="101", label="1-1-101", room_key="1-1-101", tags=[]))
        session.flush()
        for ident, name, number in ((1, "王小明", NUMBER), (2, "李四", OTHERS)):
            session.add(Person(id=ident, household_id=1, name=name, role="owner"))
            session.flush()
            session.add(PhoneNumber(number=number, person_id=ident, added_at=now))


def everything(database: Database) -> str:
    """All that the database holds, as text, but for what is named to be kept and the rows of shipped kinds."""
    found = []
    with database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            if table not in ("ticket_kinds", "alembic_version"):
                found += [repr(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    return "\n".join(found).encode().decode("unicode_escape", "ignore") + "\n".join(found)


def estates_of_figures(database: Database, day: datetime) -> list[tuple[str, int, int]]:
    with database.reading() as session:
        site = load_site(CHECKOUT / "asterisk-config/site.yaml")
        rows = figure_rows(session, Asked(By.ESTATE, day.date(), day.date()), TZ, site, day)
    return [(row.key, row.offered, row.answered) for row in rows]


@pytest.mark.rule("K1", part="call records and tickets are forgotten when their time is over")
def test_old_calls_and_tickets_lose_their_people_and_figures_stay(database: Database, home: None, now: datetime) -> None:
    old = now - timedelta(days=800)
    call(database, "node1-1.1", old)
    call(database, "node1-2.2", now - timedelta(days=30), OTHERS)
    ticket(database, 1, old, closed_at=now - timedelta(days=1200))
    ticket(database, 2, old, closed_at=now - timedelta(days=30))
    before = estates_of_figures(database, old)
    assert [count for _, *count in before] == [[1, 1]]
    with database.reading() as session:
        counted = {planned.rule: planned.count for planned in plan(session, KEEP, now, TZ)}
    assert counted == {"calls": 1, "contact_log": 1, "callbacks": 1, "dialled": 0, "texts": 1, "searches": 0, "journal_rejects": 0,
                       "ratings": 0, "tickets": 1, "audit": 0}
    done = run(database, KEEP, now, TZ)
    assert done == {"calls": 1, "contact_log": 1, "callbacks": 1, "texts": 1, "tickets": 1}
    assert estates_of_figures(database, old) == before
    with database.reading() as session:
        forgotten, recent = session.get_one(CallRow, "node1-1.1"), session.get_one(CallRow, "node1-2.2")
        assert (forgotten.number, forgotten.callback_number, forgotten.household_id, forgotten.estate_id) == (None, None, None, 1)
        assert (record_of(forgotten).number, record_of(forgotten).household_id) == (None, None)
        assert (recent.number, recent.household_id) == (OTHERS, 1)
        assert session.scalars(select(TalkSegment.number).where(TalkSegment.call_id == "node1-1.1")).all() == [None]
        old_ticket, new_ticket = session.get_one(Ticket, 1), session.get_one(Ticket, 2)
        assert (old_ticket.contact_number, old_ticket.notes, old_ticket.fields, old_ticket.stage) == (None, None, {}, "archived")
        assert new_ticket.contact_number == NUMBER
        assert session.scalars(select(TicketEvent.data).where(TicketEvent.ticket_id == 1)).all() == [{}]
    assert run(database, KEEP, now, TZ) == {}


def test_a_site_file_that_names_no_times_forgets_nothing(database: Database, home: None, now: datetime) -> None:
    """As every site file of before these rules was: an update decides nothing for a customer."""
    call(database, "node1-1.1", now - timedelta(days=9000))
    call(database, "node1-2.2", now - timedelta(days=3))
    ticket(database, 1, now - timedelta(days=9000), closed_at=now - timedelta(days=9000))
    assert run(database, Retention(), now, TZ) == {}
    with database.reading() as session:
        assert plan(session, Retention(), now, TZ) == []
        assert session.get_one(CallRow, "node1-1.1").number == NUMBER
        assert session.get_one(Ticket, 1).notes == "钥匙在门垫下"
    assert run(database, Retention(tickets_months=36), now, TZ) == {"tickets": 1}


def test_a_clock_that_is_years_ahead_forgets_nothing(database: Database, home: None, now: datetime) -> None:
    call(database, "node1-1.1", now - timedelta(days=3))
    ahead = now + timedelta(days=3650)
    assert run(database, KEEP, ahead, TZ) == {}
    call(database, "node1-2.2", ahead)       # the first call of that wrong boot proves nothing
    assert run(database, KEEP, ahead + timedelta(hours=6), TZ) == {}
    with database.reading() as session:
        assert session.get_one(CallRow, "node1-1.1").number == NUMBER


def test_others_can_write_between_two_transactions_of_a_rule(
        database: Database, home: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        call(database, f"node1-{number}.0", now - timedelta(days=900 - number))
    call(database, "recent", now - timedelta(days=2))
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    paused: list[float] = []

    def write(pause: float) -> None:
        paused.append(pause)
        with database.writing.begin() as session:
            session.get_one(Person, 1).name = f"王{len(paused)}"

    monkeypatch.setattr("crm.privacy.retention.time.sleep", write)
    assert run(database, Retention(calls_months=24), now, TZ) == {"calls": 3, "contact_log": 3, "callbacks": 3, "texts": 3}
    assert paused == [retention.BETWEEN_S] * 12


def test_old_tickets_are_found_by_an_index(migrated_file: Path) -> None:
    [rule] = [rule for rule in retention.RULES if rule.name == "tickets"]
    wanted = retention._due(rule, datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC), rule.at).order_by(rule.at)
    made = open_database(f"sqlite:///{migrated_file}")
    with made.engine.connect() as connection:
        text_of = str(wanted.compile(connection, compile_kwargs={"literal_binds": True}))
        plan_of = " ".join(str(row[3]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {text_of}")))
    made.close()
    assert "ix_tickets_state_closed_at (state=? AND closed_at>? AND closed_at<?)" in plan_of
    assert "TEMP B-TREE" not in plan_of


class Killed(BaseException):
    """As if the process had been killed there."""


def test_a_run_that_is_killed_goes_on_where_it_was_and_does_nothing_twice(
        database: Database, home: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        call(database, f"node1-{number}.0", now - timedelta(days=900 - number // 2))
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    real, forgotten = retention.forget_call, []

    def counted(session: object, row: CallRow, *more: object, **named: object) -> None:
        forgotten.append(row.call_id)
        if len(forgotten) == 4:
            raise Killed
        real(session, row, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(retention, "forget_call", counted)
    call(database, "recent", now - timedelta(days=2))
    with pytest.raises(Killed):
        run(database, KEEP, now, TZ)
    old_ones = CallRow.number.is_not(None), CallRow.call_id != "recent"
    with database.reading() as session:
        left = set(session.scalars(select(CallRow.call_id).where(*old_ones)))
    assert len(left) == 5        # two of the same moment were done, the next two were not
    forgotten.clear()
    forgotten += ["", "", "", ""]
    assert run(database, KEEP, now, TZ)["calls"] == 5
    assert set(forgotten) - {""} == left
    with database.reading() as session:
        assert session.scalar(select(CallRow.call_id).where(*old_ones)) is None


@pytest.mark.rule("K1", part="a person is forgotten on request")
def test_a_person_is_forgotten_and_what_must_stay_is_named(database: Database, home: None, now: datetime) -> None:
    call(database, "node1-1.1", now - timedelta(days=3))
    call(database, "node1-2.2", now - timedelta(days=2), OTHERS)
    ticket(database, 1, now, closed_at=now, call_id="node1-1.1")
    ticket(database, 2, now, closed_at=None)
    before = estates_of_figures(database, now - timedelta(days=3))
    with database.writing.begin() as session:
        done = erase_person(session, MANAGER, 1, "本人申请", now)
    assert done.erased == {"numbers": 1, "calls": 1, "entries": 1, "callbacks": 1, "tickets": 1, "treatments": 0}
    assert [(one.what, one.count, one.until) for one in done.kept] == [
        ("audit", 0, "audit_years"), ("backups", 0, "next_backups"), ("open_tickets", 1, "closed")]
    assert estates_of_figures(database, now - timedelta(days=3)) == before
    with database.reading() as session:
        row = session.get_one(CallRow, "node1-1.1")
        assert (row.number, row.recording_state, row.estate_id) == (None, "erased", 1)
        assert sorted(session.scalars(select(DoomedFile.path))) == ["node1-1.1.wav", "node1-1.1.wav.k1.sxr"]
        assert session.get_one(CallRow, "node1-2.2").number == OTHERS
        assert session.get_one(Ticket, 2).contact_number == NUMBER       # somebody still works on it
        [entry] = audit_of(session, "person:1")
    assert json.loads(entry.detail or "")["reason"] == "本人申请"
    with database.writing.begin() as session:
        open_ticket = session.get_one(Ticket, 2)
        open_ticket.state, open_ticket.stage, open_ticket.closed_at = "closed", "archived", now
    assert run(database, KEEP, now, TZ) == {"erasures": 1}
    # The other person's call, whose entry happens to bear the same words, is not this person's.
    with database.writing.begin() as session:
        for gone in (select(ContactEntry).where(ContactEntry.contact == OTHERS), select(RecordingNote)):
            for left in session.scalars(gone):
                session.delete(left)
    held = everything(database)
    assert [secret for secret in SECRETS if secret in held] == []
    with database.reading() as session:
        assert verify(session).whole


@pytest.mark.rule("K1", part="a person is forgotten with the doubles that were merged into them")
@pytest.mark.parametrize("asked", [1, 3])
def test_a_double_that_was_merged_is_forgotten_too(database: Database, home: None, now: datetime, asked: int) -> None:
    """Three rows of one person: who lives there, who came with a merged household, who had moved out; all with one number."""
    call(database, "node1-1.1", now - timedelta(days=3))
    with database.writing.begin() as session:
        session.add(Household(id=2, building_id=1, estate_id=1, unit="01", room="101", label="1-01-101", room_key="1-1-101",
                              tags=[]))
        session.flush()
        session.add_all([Person(id=3, household_id=2, name="王小明", role="owner"),
                         Person(id=4, household_id=1, name="王小明", role="tenant", ended_on=now.date(), ended_at=now),
                         Person(id=5, household_id=2, name="李四", role="owner")])
        session.flush()
        session.add_all([PhoneNumber(number=number, person_id=ident, added_at=now)
                         for ident, number in ((3, NUMBER), (4, NUMBER), (5, OTHERS))])
    with database.writing.begin() as session:
        merged = merge(session, MANAGER, 1, 2, 1, 1, now)
    with database.writing.begin() as session:
        done = erase_person(session, MANAGER, asked, "本人申请", now + timedelta(hours=1))
    assert (done.erased["numbers"], done.erased["calls"]) == (3, 1)
    with database.reading() as session:
        assert session.get_one(CallRow, "node1-1.1").number is None
    with database.writing.begin() as session:
        for ident in (1, 3, 4):
            with pytest.raises(AlreadyErased):
                erase_person(session, MANAGER, ident, "again", now)
        undo(session, MANAGER, merged.merge_id, now + timedelta(hours=2))
    with database.reading() as session:
        there = session.execute(select(Person.id, Person.name).where(Person.ended_at.is_(None)).order_by(Person.id)).all()
        assert [tuple(row) for row in there] == [(2, "李四"), (5, "李四")]
        assert set(session.scalars(select(PhoneNumber.number))) == {OTHERS}
    held = everything(database)
    assert [secret for secret in SECRETS[:2] if secret in held.replace("王小明 says", "")] == []


def test_who_lives_elsewhere_under_the_same_name_is_somebody_else(database: Database, home: None, now: datetime) -> None:
    call(database, "node1-1.1", now)
    with database.writing.begin() as session:
        session.add(Household(id=2, building_id=1, estate_id=1, unit="2", room="101", label="1-2-101", room_key="1-2-101", tags=[]))
        session.flush()
        session.add_all([Person(id=3, household_id=2, name="王小明", role="owner"),
                         Person(id=4, household_id=2, name="王小明", role="tenant", ended_on=now.date(), ended_at=now)])
        session.flush()
        session.add(PhoneNumber(number=NUMBER, person_id=4, added_at=now))
    with database.writing.begin() as session:
        assert erase_person(session, MANAGER, 1, "本人申请", now).erased["numbers"] == 1
    with database.reading() as session:
        assert session.get_one(CallRow, "node1-1.1").number == NUMBER
        assert set(session.scalars(select(Person.id).where(Person.name == "王小明"))) == {3, 4}


def test_the_files_of_who_is_forgotten_go_even_after_a_crash_and_one_that_stays_keeps_no_other(
        database: Database, home: None, now: datetime, tmp_path: Path) -> None:
    call(database, "node1-1.1", now)
    call(database, "node1-2.2", now)
    for name in ("node1-1.1.wav", "node1-1.1.wav.k1.sxr", "another.wav", "node1-2.2.wav"):
        (tmp_path / name).write_bytes(b"sound")
    with database.writing.begin() as session:
        erase_person(session, MANAGER, 1, "本人申请", now)
    with database.reading() as session:
        first = session.scalars(select(DoomedFile.path).order_by(DoomedFile.id)).first()
    stays = tmp_path / str(first)
    stays.unlink(missing_ok=True)
    (stays / "in the way").mkdir(parents=True)
    site = load_site(CHECKOUT / "asterisk-config/site.yaml")
    forgetter = Forgetter(database, site, {doomed.RECORDINGS: tmp_path}, FakeClock(now))
    with pytest.raises(OSError, match="directory"):     # the thread's keeper says that the component is down
        next(forgetter.rounds(threading.Event()))
    assert {path.name for path in tmp_path.glob("*.wav*")} == {stays.name, "another.wav"}
    (stays / "in the way").rmdir()
    stays.rmdir()
    assert doomed.sweep(database, {doomed.RECORDINGS: tmp_path}) == 1
    assert [path.name for path in tmp_path.glob("*.wav*")] == ["another.wav"]
    assert doomed.sweep(database, {doomed.RECORDINGS: tmp_path}) == 0


def test_who_may_not_or_does_not_say_why_erases_nothing(database: Database, home: None, now: datetime) -> None:
    elsewhere = Actor("m", roles=frozenset({Role.MANAGER}), estates=frozenset({2}))
    leader = Actor("l", roles=frozenset({Role.LEADER}))
    with database.writing.begin() as session:
        with pytest.raises(NotFound):
            erase_person(session, elsewhere, 1, "x", now)
        with pytest.raises(Forbidden):
            erase_person(session, leader, 1, "x", now)
        with pytest.raises(ReasonMissing):
            erase_person(session, MANAGER, 1, " ", now)
        session.add(CallbackRow(callback_id="c", queue="repair", number=NUMBER, state="waiting", attempts=0, asked_at=now,
                                since=now))
        session.flush()
        with pytest.raises(StillWaiting):
            erase_person(session, MANAGER, 1, "x", now)
        assert session.get_one(Person, 1).name == "王小明"
        erase_person(session, MANAGER, 2, "x", now)
        with pytest.raises(AlreadyErased):
            erase_person(session, MANAGER, 2, "x", now)


def test_months_are_the_calendars_of_the_site() -> None:
    at = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)
    assert months_before(at, 1, TZ) == datetime(2026, 2, 27, 16, 0, tzinfo=UTC)      # 28 February, 00:00 in Shanghai
    assert months_before(at, 15, TZ) == datetime(2024, 12, 30, 16, 0, tzinfo=UTC)
