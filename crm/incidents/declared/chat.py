"""Text for the group chats, in both languages (H5): to copy, or sent by the site's robots. Callers commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden
from callcenter.site import Site
from crm.households.models import Estate
from crm.incidents.declared.acts import held
from crm.incidents.declared.models import ChatText, Emergency
from crm.incidents.declared.reading import chat_text, seen, shown
from crm.incidents.declared.schema import Definition
from crm.incidents.declared.schemas import ChatShown, TextShown
from crm.incidents.declared.service import LEADS
from crm.incidents.declared.timeline import Entry, What
from crm.notices.deliveries import TAKEN_FOR, TRIES, Taken, wait
from crm.notices.words import File, Language, Named
from crm.privacy.service import View
from crm.staff.audit import record_audit
from crm.tickets.errors import Fault, FieldsUnfit

_ROBOT: Final = "robot:"


def chat(session: Session, view: View, site: Site, emergency_id: int, tz: tzinfo) -> ChatShown:
    """Raises NotFound."""
    row = seen(session, view.actor, emergency_id)
    sent = session.scalars(select(ChatText).where(ChatText.emergency_id == row.id).order_by(ChatText.id))
    return ChatShown(_text(session, view, row, site, tz), tuple(_robots(session, row, site)), tuple(
        TextShown(one.id, one.channel, one.tries, one.sent_at, one.failed_at, one.error) for one in sent))


def send(session: Session, view: View, site: Site, emergency_id: int, robots: Sequence[str], given: Named | None, now: datetime,
         tz: tzinfo) -> ChatShown:
    """By the commander or who leads, in their words or the type's; to robots of its estate. A drill says that it is one. Raises
    NotFound, Forbidden, FieldsUnfit, NotNow."""
    actor = view.actor
    here = held(session, actor, emergency_id)
    if actor.user_id != here.row.commander_id and not actor.has(*LEADS):
        raise Forbidden
    may = set(_robots(session, here.row, site))
    if not robots or (unknown := [one for one in robots if one not in may]):
        raise FieldsUnfit([Fault("robots", "no_option")] if robots and unknown else [Fault("robots", "missing")])
    text = given or _text(session, view, here.row, site, tz)
    zh, en = (f"【演练】{text.zh}", f"[Drill] {text.en}") if here.row.drill else (text.zh, text.en)
    chosen = tuple(dict.fromkeys(robots))
    session.add_all(ChatText(emergency_id=here.row.id, channel=f"{_ROBOT}{one}", zh=zh, en=en, next_at=now) for one in chosen)
    here.write(actor, Entry(now, What.CHAT, actor.user_id, said=chosen))
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="emergency.chat",
                 subject=f"emergency:{here.row.id}", detail=" ".join(robots)[:200])
    session.flush()
    return chat(session, view, site, emergency_id, tz)


@dataclass(frozen=True)
class Letter:
    """A robot says both parts: the first line, then the rest."""

    text_id: int
    zh: str
    en: str
    type: str

    @property
    def ident(self) -> str:
        return f"emergency-{self.text_id}"

    @property
    def file(self) -> File | None:
        return None

    def subject(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def body(self, language: Language, tz: tzinfo) -> str:  # noqa: ARG002
        return self.en if language == "zh" else self.zh


class ChatTexts:
    """What the deliverer asks for (crm/notices/deliverer.py `Out`)."""

    def is_anything(self, session: Session, now: datetime) -> bool:
        return session.scalar(select(ChatText.id).where(ChatText.next_at <= now).limit(1)) is not None

    def fan_out(self, session: Session, site: Site, now: datetime) -> int:  # noqa: ARG002
        """They are made with their emergency's line."""
        return 0

    def take(self, session: Session, now: datetime) -> list[Taken]:
        rows = session.execute(
            select(ChatText, Emergency.type).join(Emergency, Emergency.id == ChatText.emergency_id).where(ChatText.next_at <= now)
            .order_by(ChatText.next_at, ChatText.id).limit(10).with_for_update(skip_locked=True, of=ChatText)).all()
        taken = []
        for row, type_ in rows:
            row.tries, row.next_at = row.tries + 1, now + TAKEN_FOR
            taken.append(Taken(row.id, row.tries, row.channel, "", Letter(row.id, row.zh, row.en, type_)))
        session.flush()
        return taken

    def sent(self, session: Session, taken: Taken, now: datetime) -> None:
        if (row := _still(session, taken)) is not None:
            row.sent_at, row.next_at, row.error = now, None, None

    def not_sent(self, session: Session, taken: Taken, code: str, now: datetime) -> None:
        if (row := _still(session, taken)) is None:
            return
        row.error = code[:80]
        row.next_at, row.failed_at = (None, now) if taken.tries >= TRIES else (now + wait(taken.tries), None)

    def failing(self, session: Session, since: datetime) -> int:
        def count(*where: Any) -> int:
            return session.scalar(select(func.count()).select_from(ChatText).where(*where)) or 0

        return count(ChatText.failed_at >= since) + count(ChatText.next_at.is_not(None), ChatText.error.is_not(None))


def _still(session: Session, taken: Taken) -> ChatText | None:
    """None when another process has taken it since."""
    row = session.get(ChatText, taken.delivery_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.tries == taken.tries and row.sent_at is None else None


def _text(session: Session, view: View, row: Emergency, site: Site, tz: tzinfo) -> Named:
    [of_it] = shown(session, view, [row])
    return chat_text(Definition.model_validate(row.definition), of_it, site.company.name, tz)


def _robots(session: Session, row: Emergency, site: Site) -> list[str]:
    """Those of its estate and those of all; of what is of no estate, all."""
    name = session.scalar(select(Estate.name).where(Estate.id == row.estate_id))
    estate = site.estate_ids.get(name or "", name)
    return [robot.id for robot in site.notices.robots if not robot.estates or name is None or estate in robot.estates]
