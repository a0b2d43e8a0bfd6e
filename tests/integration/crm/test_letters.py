"""The one piece that sends letters of every kind: what goes first, what holds up nothing, what is put back and what is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select
from wall.notified import NOW

from callcenter.clock import FakeClock
from callcenter.events import Health
from crm.callin.models import CallInLetter, CallInRow
from crm.database import Database
from crm.letters.deliverer import AT_ONCE, FAILED_WITHIN, Deliverer
from crm.letters.service import TAKEN_FOR, TRIES, Later, Letters, Refused, wait
from crm.notices.channels import NotSentError
from crm.notices.words import File, Language
from crm.texts.models import Text

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Said:
    ident: str
    file: File | None = None

    def subject(self, language: Language) -> str:
        return ""

    def body(self, language: Language, tz: tzinfo) -> str:
        return ""


class Way:
    """A channel that does as it is told."""

    def __init__(self, name: str, tried: list[str]) -> None:
        self.name, self.tried, self.is_dead = name, tried, False

    def send(self, letter: Said, address: str, now: datetime) -> None:
        self.tried.append(f"{self.name} {letter.ident}")
        if self.is_dead:
            raise NotSentError("TimeoutError")


def urgent(session: object, row: CallInLetter, now: datetime) -> Said:
    if row.address == "poison":
        raise ZeroDivisionError
    return Said(row.address)


def lesser(session: object, row: Text, now: datetime) -> Said:
    if row.subject == "night" and now < NOW + 10 * MINUTE:
        raise Later(NOW + 10 * MINUTE)
    if row.subject == "never":
        raise Refused("no_call")
    return Said(row.subject)


def test_a_dead_channel_and_a_letter_that_cannot_be_made_hold_up_no_other_letter(database: Database) -> None:
    tried: list[str] = []
    over: list[tuple[str, str | None]] = []
    health: dict[str, tuple[Health, str]] = {}
    clock, mail, chat = FakeClock(NOW), Way("mail", tried), Way("chat", tried)
    kinds = [Letters("call_in_letters", CallInLetter, urgent),
             Letters("texts", Text, lesser, lambda _, row: over.append((row.subject, row.error)))]

    def report(component: str, state: Health, detail: str = "") -> None:
        health[component] = (state, detail)

    def another() -> Deliverer:
        return Deliverer(database, kinds, {"mail": mail, "robot:a": chat}, clock, report)

    def kept(row: type[CallInLetter | Text], wanted: Callable[[CallInLetter | Text], object]) -> list[object]:
        with database.reading() as session:
            return [wanted(one) for one in session.scalars(select(row).order_by(row.id))]

    with database.writing.begin() as session:
        session.add(CallInRow(id=1, tier=2, reason="", skills=[], begun_at=NOW, begun_by="lead"))
        session.flush()
        session.add_all([*(CallInLetter(call_in_id=1, what="called", channel="mail", address=to, next_at=NOW) for to in "abc"),
                         CallInLetter(call_in_id=1, what="called", channel="robot:a", address="poison", next_at=NOW),
                         CallInLetter(call_in_id=1, what="called", channel="robot:gone", next_at=NOW)])
        session.add_all(Text(purpose="x", subject=subject, channel="robot:a", language="zh", made_at=NOW, next_at=NOW)
                        for subject in ("day", "night", "never"))
    mail.is_dead = True
    deliverer = another()
    assert deliverer.step() == 8
    assert tried == ["mail a", "chat day", "mail b", "mail c"], "what goes by a channel that does not answer comes last"
    assert kept(CallInLetter, lambda one: one.error) == ["TimeoutError"] * 3 + ["fault", "no_channel"]
    assert kept(Text, lambda one: (one.tries, one.sent_at is not None, one.next_at)) == [
        (1, True, None), (0, False, NOW + 10 * MINUTE), (1, False, None)]
    assert over == [("day", None), ("never", "no_call")]
    assert health == {"call_in_letters": (Health.DEGRADED, "failing_5"), "texts": (Health.DEGRADED, "failing_1")}
    assert another().step() == 0, "each waits for its time, in every process"

    mail.is_dead = False
    for tries in range(1, TRIES):
        clock.advance(wait(tries).total_seconds())
        deliverer.step()
    assert tried[4:7] == ["mail a", "mail b", "mail c"]
    assert kept(CallInLetter, lambda one: (one.tries, one.sent_at is not None, one.error)) == [
        (2, True, None)] * 3 + [(TRIES, False, "fault"), (TRIES, False, "no_channel")]
    assert over[2:] == [("night", None)]
    assert health == {"call_in_letters": (Health.DEGRADED, "failing_2"), "texts": (Health.OK, "")}
    clock.advance(FAILED_WITHIN.total_seconds() + 1)
    assert (deliverer.step(), health["call_in_letters"]) == (0, (Health.OK, "")), "told although nothing was sent"

    with database.writing.begin() as session:
        session.add_all(Text(purpose="y", subject=str(one), channel="robot:a", language="zh", made_at=NOW, next_at=NOW)
                        for one in range(AT_ONCE + 1))
    assert (deliverer.step(), deliverer.step()) == (AT_ONCE, 1), "a round ends, so that the process may"


def test_a_letter_is_taken_for_a_minute_from_its_own_moment_however_slow_those_before_it_were(database: Database) -> None:
    clock = FakeClock(NOW)
    left: list[timedelta] = []

    def says(session: object, row: Text, now: datetime) -> Said:
        assert row.next_at is not None
        left.append(row.next_at - clock.now())
        return Said(row.subject)

    class Slow(Way):
        def send(self, letter: Said, address: str, now: datetime) -> None:
            clock.advance(40)

    with database.writing.begin() as session:
        session.add_all(Text(purpose="x", subject=str(one), channel="mail", language="zh", made_at=NOW, next_at=NOW)
                        for one in range(3))
    deliverer = Deliverer(database, [Letters("texts", Text, says)], {"mail": Slow("mail", [])}, clock, lambda *_: None)
    assert deliverer.step() == 3
    assert left == [TAKEN_FOR] * 3, "or another process takes it, too"
