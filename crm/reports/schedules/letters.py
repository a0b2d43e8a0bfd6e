"""The letters of a run: to whom, what they say, which are due. Sent by the notices' deliverer; callers commit.

Taken for a while before it is sent, as a notice: two processes do not send the same one, and one that dies while sending leaves it
to be sent again, under the same id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.notices.deliveries import MAIL, TAKEN_FOR, TRIES, Taken, wait
from crm.notices.words import File, Language
from crm.reports.schedules.models import ReportDelivery, ReportRun, ReportSchedule
from crm.reports.schedules.recipients import robots_for, users_for
from crm.reports.shelf.service import Asked
from crm.staff.models import User

_TYPES: Final = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}
_MAIL_WAITS: Final = and_(ReportDelivery.channel == MAIL, ReportDelivery.next_at.is_not(None))


@dataclass(frozen=True)
class RunLetter:
    """In the schedule's language, whatever the channel's."""

    delivery_id: int
    title: str
    said: str
    attached: File | None

    @property
    def ident(self) -> str:
        return f"report-{self.delivery_id}"

    @property
    def file(self) -> File | None:
        return self.attached

    def subject(self, language: Language) -> str:  # noqa: ARG002
        return self.title

    def body(self, language: Language, tz: tzinfo) -> str:  # noqa: ARG002
        return self.said


def address(session: Session, site: Site, schedule: ReportSchedule, run: ReportRun, now: datetime,
            asked: Asked | None) -> list[str]:
    """A letter to each who is still there: an active user with an address, a robot of the site file; of the report that was asked
    for to those alone who may have it. The channels of them."""
    ways = sorted(set(_ways(session, site, schedule, asked)))
    session.add_all(ReportDelivery(run_id=run.id, channel=channel, address=to, next_at=now) for channel, to in ways)
    session.flush()
    return [channel for channel, _ in ways]


def forget_contents(session: Session) -> None:
    """Files that no mail waits for, whatever left them."""
    waiting = select(ReportDelivery.id).where(ReportDelivery.run_id == ReportRun.id, _MAIL_WAITS)
    session.execute(update(ReportRun).where(ReportRun.content.is_not(None), ~waiting.exists()).values(content=None))


def _ways(session: Session, site: Site, schedule: ReportSchedule, asked: Asked | None) -> Iterator[tuple[str, str]]:
    mail = site.notices.mail
    if mail is not None:
        names = session.scalars(select(User.name).where(User.name.in_(schedule.users), User.active)).all() if asked is None \
            else users_for(session, schedule.users, asked)
        yield from ((MAIL, mail.people[name]) for name in names if name in mail.people)
    robots = schedule.robots if asked is None else robots_for(session, site, schedule.robots, asked)
    yield from ((f"robot:{robot.id}", "") for robot in site.notices.robots if robot.id in robots)


class ReportLetters:
    """What the deliverer asks for (`deliverer.Out`)."""

    def is_anything(self, session: Session, now: datetime) -> bool:
        return session.scalar(select(ReportDelivery.id).where(ReportDelivery.next_at <= now).limit(1)) is not None

    def fan_out(self, session: Session, site: Site, now: datetime) -> int:  # noqa: ARG002
        """Letters are made with their run's file."""
        return 0

    def take(self, session: Session, now: datetime) -> list[Taken]:
        rows = session.execute(
            select(ReportDelivery, ReportRun).join(ReportRun, ReportRun.id == ReportDelivery.run_id)
            .where(ReportDelivery.next_at <= now).order_by(ReportDelivery.next_at, ReportDelivery.id).limit(5)
            .with_for_update(skip_locked=True, of=ReportDelivery)).all()
        taken = []
        for delivery, run in rows:
            delivery.tries, delivery.next_at = delivery.tries + 1, now + TAKEN_FOR
            attached = None if run.content is None or run.file_name is None else File(
                run.file_name, _TYPES[run.file_name.rpartition(".")[2]], run.content)
            letter = RunLetter(delivery.id, run.subject or "", run.said or "", attached)
            taken.append(Taken(delivery.id, delivery.tries, delivery.channel, delivery.address, letter))
        session.flush()
        return taken

    def sent(self, session: Session, taken: Taken, now: datetime) -> None:
        if (delivery := _still(session, taken)) is not None:
            delivery.sent_at, delivery.next_at, delivery.error = now, None, None
            _forget_content(session, delivery)

    def not_sent(self, session: Session, taken: Taken, code: str, now: datetime) -> None:
        if (delivery := _still(session, taken)) is None:
            return
        delivery.error = code[:80]
        if taken.tries >= TRIES:
            delivery.next_at, delivery.failed_at = None, now
            _forget_content(session, delivery)
        else:
            delivery.next_at = now + wait(taken.tries)

    def failing(self, session: Session, since: datetime) -> int:
        given_up = select(func.count()).select_from(ReportDelivery).where(ReportDelivery.failed_at >= since)
        again = select(func.count()).select_from(ReportDelivery).where(
            ReportDelivery.next_at.is_not(None), ReportDelivery.error.is_not(None))
        return (session.scalar(given_up) or 0) + (session.scalar(again) or 0)


def _still(session: Session, taken: Taken) -> ReportDelivery | None:
    """None when another process has taken it since, or its schedule was removed."""
    row = session.get(ReportDelivery, taken.delivery_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.tries == taken.tries and row.sent_at is None else None


def _forget_content(session: Session, delivery: ReportDelivery) -> None:
    """When no mail of the run is still to be sent: the report itself can be asked for again, and robots are sent no file."""
    session.flush()
    waiting = select(ReportDelivery.id).where(ReportDelivery.run_id == delivery.run_id, _MAIL_WAITS)
    if session.scalar(waiting.limit(1)) is None:
        session.get_one(ReportRun, delivery.run_id, with_for_update=True).content = None
