"""Messages of call-ins on their way to group chats and mailboxes, by the notices' deliverer.

Taken for a while before it is sent, as a notice: two processes do not send the same one, and one that dies while sending leaves
it to be sent again, under the same id.
"""

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
from crm.notices.deliveries import MAIL, TAKEN_FOR, TRIES, Taken, wait
from crm.staff.models import User

AT_ONCE: Final = 10
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


class CallInLetters:
    """What the deliverer asks for (`crm.notices.deliverer.Out`)."""

    def __init__(self, site: Site) -> None:
        self._pages = site.network.pages

    def is_anything(self, session: Session, now: datetime) -> bool:
        return session.scalar(select(CallInLetter.id).where(CallInLetter.next_at <= now).limit(1)) is not None

    def fan_out(self, session: Session, site: Site, now: datetime) -> int:  # noqa: ARG002
        """Letters are made with their call-in."""
        return 0

    def take(self, session: Session, now: datetime) -> list[Taken]:
        rows = session.execute(
            select(CallInLetter, CallInRow).join(CallInRow, CallInRow.id == CallInLetter.call_in_id)
            .where(CallInLetter.next_at <= now).order_by(CallInLetter.next_at, CallInLetter.id).limit(AT_ONCE)
            .with_for_update(skip_locked=True, of=CallInLetter)).all()
        taken = []
        for letter, row in rows:
            letter.tries, letter.next_at = letter.tries + 1, now + TAKEN_FOR
            count = session.scalar(select(func.count()).select_from(CalledRow).where(CalledRow.call_in_id == row.id)) or 0
            said = CallInMessage(letter.id, letter.what, row.tier, row.begun_at, count, self._pages)
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
        given_up = select(func.count()).select_from(CallInLetter).where(CallInLetter.failed_at >= since)
        again = select(func.count()).select_from(CallInLetter).where(
            CallInLetter.next_at.is_not(None), CallInLetter.error.is_not(None))
        return (session.scalar(given_up) or 0) + (session.scalar(again) or 0)


def _still(session: Session, taken: Taken) -> CallInLetter | None:
    """None when it took so long that another process has taken it since."""
    row = session.get_one(CallInLetter, taken.delivery_id, with_for_update=True, populate_existing=True)
    return row if row.tries == taken.tries and row.sent_at is None else None
