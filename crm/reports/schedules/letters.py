"""The letters of a run: to whom, and what they say. Callers commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.letters.service import Letters
from crm.notices.channels import MAIL
from crm.notices.words import File, Language
from crm.reports.schedules.models import ReportDelivery, ReportRun, ReportSchedule
from crm.reports.schedules.recipients import robots_for, users_not_in_it
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
            else users_not_in_it(session, schedule.users, asked)
        yield from ((MAIL, mail.people[name]) for name in names if name in mail.people)
    robots = schedule.robots if asked is None else robots_for(session, site, schedule.robots, asked)
    yield from ((f"robot:{robot.id}", "") for robot in site.notices.robots if robot.id in robots)


def _says(session: Session, row: ReportDelivery, _now: datetime) -> RunLetter:
    run = session.get_one(ReportRun, row.run_id)
    attached = None if run.content is None or run.file_name is None else File(
        run.file_name, _TYPES[run.file_name.rpartition(".")[2]], run.content)
    return RunLetter(row.id, run.subject or "", run.said or "", attached)


def _forget_content(session: Session, delivery: ReportDelivery) -> None:
    """When no mail of the run is still to be sent: the report itself can be asked for again, and robots are sent no file."""
    waiting = select(ReportDelivery.id).where(ReportDelivery.run_id == delivery.run_id, _MAIL_WAITS)
    if session.scalar(waiting.limit(1)) is None:
        session.get_one(ReportRun, delivery.run_id, with_for_update=True).content = None


REPORT_LETTERS: Final = Letters("report_letters", ReportDelivery, _says, _forget_content)
