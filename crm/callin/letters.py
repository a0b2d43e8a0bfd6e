"""Messages of call-ins: to which group chats and mailboxes, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.roles import Role
from callcenter.site import Site
from crm.callin.models import CalledRow, CallInLetter, CallInPerson, CallInRow
from crm.callin.words import CallInMessage
from crm.letters.service import Letters
from crm.notices.channels import MAIL
from crm.staff.models import User

TELLS: Final = {2: Role.AGENT, 3: Role.OFFICE}      # which group chats are told


def address(session: Session, site: Site, row: CallInRow, what: str, now: datetime) -> int:
    """To the group chats that tell such staff, and by mail to who is on the list; how many."""
    ways = sorted(set(_ways(session, site, row)))
    session.add_all(CallInLetter(call_in_id=row.id, what=what, channel=channel, address=to, next_at=now) for channel, to in ways)
    session.flush()
    return len(ways)


def _ways(session: Session, site: Site, row: CallInRow) -> Iterator[tuple[str, str]]:
    yield from ((f"robot:{robot.id}", "") for robot in site.notices.robots if TELLS[row.tier] in robot.tell)
    mail = site.notices.mail
    if mail is not None:
        names = session.scalars(
            select(User.name).join(CallInPerson, CallInPerson.user_id == User.id)
            .join(CalledRow, CalledRow.person_id == CallInPerson.id).where(CalledRow.call_in_id == row.id, User.active))
        yield from ((MAIL, mail.people[name]) for name in names if name in mail.people)


def call_in_letters(site: Site) -> Letters[CallInLetter]:
    def says(session: Session, row: CallInLetter, _now: datetime) -> CallInMessage:
        of = session.get_one(CallInRow, row.call_in_id)
        count = session.scalar(select(func.count()).select_from(CalledRow).where(CalledRow.call_in_id == of.id)) or 0
        return CallInMessage(row.id, row.what, of.tier, of.begun_at, count, site.network.pages)

    return Letters("call_in_letters", CallInLetter, says)
