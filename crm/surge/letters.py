"""Situation reports on their way out of the house, by the notices' deliverer: to whom the policy tells, over the site's ways.

Taken for a while before it is sent, as a notice: two processes do not send the same one, and one that dies while sending leaves
it to be sent again, under the same id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.notices.deliveries import MAIL, TAKEN_FOR, TRIES, Taken, wait
from crm.notices.words import File, Language
from crm.staff.models import User
from crm.surge.models import SurgeLetter, SurgeReport
from crm.surge.paper import number, pdf
from crm.surge.situation import SITUATION, Situation
from crm.surge.words import body, subject

AT_ONCE: Final = 10


@dataclass(frozen=True)
class _Paper:
    """How the PDF that goes with a mail is made."""

    sender: str
    language: Language
    tz: tzinfo


class ReportLetter:
    """In the channel's language; its file in the site's, made when a mail asks for it."""

    def __init__(self, delivery_id: int, report_id: int, of: Situation, paper: _Paper) -> None:
        self._delivery_id, self._report_id, self._of, self._paper = delivery_id, report_id, of, paper

    @property
    def ident(self) -> str:
        return f"surge-{self._delivery_id}"

    @cached_property
    def file(self) -> File | None:
        made = pdf(self._of, self._report_id, self._paper.sender, self._paper.language, self._paper.tz)
        return File(f"{number(self._report_id)}.pdf", "application/pdf", made)

    def subject(self, language: Language) -> str:
        return subject(self._of, language)

    def body(self, language: Language, tz: tzinfo) -> str:
        return f"{body(self._of, language, tz)}\n{number(self._report_id)}"


def address(session: Session, site: Site, report: SurgeReport, now: datetime) -> int:
    """A letter over each way to whom the policy tells; how many. It concerns all estates."""
    ways = sorted(set(_ways(session, site)))
    session.add_all(SurgeLetter(report_id=report.id, channel=channel, address=to, next_at=now) for channel, to in ways)
    session.flush()
    return len(ways)


def _ways(session: Session, site: Site) -> Iterator[tuple[str, str]]:
    told = frozenset(site.surge.tell)
    mail = site.notices.mail
    if mail is not None:
        for name, roles in session.execute(select(User.name, User.roles).where(User.active, User.name.in_(mail.people))):
            if told & frozenset(roles):
                yield MAIL, mail.people[name]
        yield from ((MAIL, to.address) for to in mail.to if told & frozenset(to.tell))
    yield from ((f"robot:{robot.id}", "") for robot in site.notices.robots if told & frozenset(robot.tell))


class SurgeLetters:
    """What the deliverer asks for (`crm.notices.deliverer.Out`)."""

    def __init__(self, site: Site, tz: tzinfo) -> None:
        self._paper = _Paper(site.company.name.zh if site.language == "zh" else site.company.name.en, site.language, tz)

    def is_anything(self, session: Session, now: datetime) -> bool:
        return session.scalar(select(SurgeLetter.id).where(SurgeLetter.next_at <= now).limit(1)) is not None

    def fan_out(self, session: Session, site: Site, now: datetime) -> int:  # noqa: ARG002
        """Letters are made with their report."""
        return 0

    def take(self, session: Session, now: datetime) -> list[Taken]:
        rows = session.execute(
            select(SurgeLetter, SurgeReport).join(SurgeReport, SurgeReport.id == SurgeLetter.report_id)
            .where(SurgeLetter.next_at <= now).order_by(SurgeLetter.next_at, SurgeLetter.id).limit(AT_ONCE)
            .with_for_update(skip_locked=True, of=SurgeLetter)).all()
        taken = []
        for letter, report in rows:
            letter.tries, letter.next_at = letter.tries + 1, now + TAKEN_FOR
            said = ReportLetter(letter.id, report.id, SITUATION.validate_python(report.facts), self._paper)
            taken.append(Taken(letter.id, letter.tries, letter.channel, letter.address, said))
        session.flush()
        return taken

    def sent(self, session: Session, taken: Taken, now: datetime) -> None:
        if (letter := _still(session, taken)) is not None:
            letter.sent_at, letter.next_at, letter.error = now, None, None

    def not_sent(self, session: Session, taken: Taken, code: str, now: datetime) -> None:
        if (letter := _still(session, taken)) is None:
            return
        letter.error = code[:80]
        if taken.tries >= TRIES:
            letter.next_at, letter.failed_at = None, now
        else:
            letter.next_at = now + wait(taken.tries)

    def failing(self, session: Session, since: datetime) -> int:
        given_up = select(func.count()).select_from(SurgeLetter).where(SurgeLetter.failed_at >= since)
        again = select(func.count()).select_from(SurgeLetter).where(
            SurgeLetter.next_at.is_not(None), SurgeLetter.error.is_not(None))
        return (session.scalar(given_up) or 0) + (session.scalar(again) or 0)


def _still(session: Session, taken: Taken) -> SurgeLetter | None:
    """None when it took so long that another process has taken it since."""
    row = session.get_one(SurgeLetter, taken.delivery_id, with_for_update=True, populate_existing=True)
    return row if row.tries == taken.tries and row.sent_at is None else None
