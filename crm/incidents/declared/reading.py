"""Emergencies as they are shown: the list, one wholly, its timeline. Who must not know of one is told that there is none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, Final, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.private import Private
from callcenter.site.parts import Words
from crm.households.models import Building, Estate
from crm.incidents.declared.acts import entries, entry_of, plan_of
from crm.incidents.declared.models import Emergency, EmergencyAct, EmergencyReport
from crm.incidents.declared.schema import Definition, Said
from crm.incidents.declared.schemas import (
    ActShown,
    ConditionShown,
    EmergencyRead,
    EmergencyShown,
    RecordShown,
    StepShown,
)
from crm.incidents.declared.timeline import State, What, fold, hindering, left_over
from crm.notices.words import Named
from crm.paging import Order, Page, cursor_of, place_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.models import Ticket

_ORDER: Final[Order[Any]] = Order("emergencies", Emergency.declared_at, Emergency.id, newest_first=True)
NEWEST: Final = 200          # lines of the timeline that are shown with the emergency


def emergencies(session: Session, view: View, *, phase: str | None = None, type_: str | None = None, estate_id: int | None = None,
                cursor: str | None = None, limit: int = 50) -> Page[EmergencyShown]:
    """Newest first. Raises BadCursor."""
    query: Any = select(Emergency)
    if view.actor.estates is not None:
        query = query.where(or_(Emergency.estate_id.is_(None), Emergency.estate_id.in_(sorted(view.actor.estates))))
    for column, value in ((Emergency.phase, phase), (Emergency.type, type_), (Emergency.estate_id, estate_id)):
        if value is not None:
            query = query.where(column == value)
    rows = list(session.scalars(_ORDER.after(query, cursor).limit(limit + 1)))
    known = shown(session, view, rows[:limit])
    of = {one.emergency_id: one for one in known}
    return _ORDER.page(rows, limit, lambda row: of[row.id])


def seen(session: Session, actor: Actor, emergency_id: int) -> Emergency:
    """Raises NotFound."""
    row = session.get(Emergency, emergency_id)
    if row is None or not actor.sees(row.estate_id):
        raise NotFound(f"emergency {emergency_id}")
    return row


def emergency(session: Session, view: View, emergency_id: int, company: Words, tz: tzinfo) -> EmergencyRead:
    return read(session, view, seen(session, view.actor, emergency_id), company, tz)


def read(session: Session, view: View, row: Emergency, company: Words, tz: tzinfo) -> EmergencyRead:
    session.flush()
    found = Definition.model_validate(row.definition)
    lines = entries(session, row.id)
    state = fold(plan_of(found), map(entry_of, lines))
    [of_it] = shown(session, view, [row])
    names = _names(session, lines, state)
    learnt = {act.said[0]: view.show(act.text, Private.TEXT) or "" for act in lines if act.what == What.LEARNT.value}
    values = {act.said[0]: act.text for act in lines if act.what == What.RECORDED.value}
    return EmergencyRead(
        emergency=of_it, steps=_steps(found, state, names),
        conditions=tuple(ConditionShown(name, named(words), name in state.conditions) for name, words in found.conditions.items()),
        records=tuple(RecordShown(name, named(record.name), record.type, record.needed, view.show(values.get(name), Private.TEXT))
                      for name, record in found.records.items()),
        learnt=learnt, hindering=hindering(plan_of(found), state) if row.phase == "active" else (),
        left=left_over(plan_of(found), state) if row.phase == "over" else (), script=found.script, notices=found.notices,
        broadcast=found.broadcast, chat=chat_text(found, of_it, company, tz),
        timeline=tuple(act_shown(view, act, names) for act in lines[-NEWEST:]))


def timeline(session: Session, view: View, emergency_id: int, *, cursor: str | None = None, limit: int = 50) -> Page[ActShown]:
    """Oldest first. Raises NotFound, BadCursor."""
    seen(session, view.actor, emergency_id)
    what = f"emergency:{emergency_id}"
    query = select(EmergencyAct).where(EmergencyAct.emergency_id == emergency_id).order_by(EmergencyAct.place).limit(limit + 1)
    if cursor is not None:
        query = query.where(EmergencyAct.place > place_of(what, cursor, int)[1])
    rows = list(session.scalars(query))
    names = _names(session, rows, None)
    following = cursor_of(what, rows[limit - 1].place, rows[limit - 1].place) if len(rows) > limit else None
    return Page(items=[act_shown(view, act, names) for act in rows[:limit]], next=following)


def shown(session: Session, view: View, rows: Iterable[Emergency]) -> list[EmergencyShown]:
    rows = list(rows)
    ids = [row.id for row in rows]
    numbers: dict[int, str] = _two(session.execute(select(Ticket.id, Ticket.number).where(
        Ticket.id.in_([row.ticket_id for row in rows]))))
    estates: dict[int, str] = _two(session.execute(select(Estate.id, Estate.name).where(
        Estate.id.in_({row.estate_id for row in rows if row.estate_id is not None}))))
    buildings: dict[int, str] = _two(session.execute(select(Building.id, Building.name).where(
        Building.id.in_({row.building_id for row in rows if row.building_id is not None}))))
    reports: dict[int, str] = _two(session.execute(select(EmergencyReport.emergency_id, EmergencyReport.state).where(
        EmergencyReport.emergency_id.in_(ids))))
    return [EmergencyShown(
        emergency_id=row.id, number=numbers[row.ticket_id], ticket_id=row.ticket_id, type=row.type,
        name=Named(row.definition["name"]["zh"], row.definition["name"]["en"]), sort=row.definition["sort"], level=row.level,
        phase=row.phase, drill=row.drill, estate_id=row.estate_id, estate=estates.get(row.estate_id or 0),
        building_id=row.building_id, building=buildings.get(row.building_id or 0), place=row.place,
        what=view.show(row.summary, Private.TEXT), happened_at=row.happened_at, declared_at=row.declared_at,
        declared_by=row.declared_by, commander=row.commander, over_at=row.over_at, closed_at=row.closed_at,
        report_due_at=row.report_due_at, report=reports.get(row.id), notice=row.notice, steps_open=row.steps_open,
        steps_late=row.steps_late, version=row.version) for row in rows]


def where(*around: str | None, place: str) -> str:
    """Estate and building before the place, where it does not name them itself."""
    return " ".join((*(one for one in around if one and one not in place), *filter(None, (place,))))


def chat_text(found: Definition, of_it: EmergencyShown, company: Words, tz: tzinfo) -> Named:
    """For the chat groups, in both languages (H5). The building stands before the place where it is not named in it."""
    def text(language: Literal["zh", "en"]) -> str:
        words: str = getattr(found.chat, language)
        return words.format(estate=of_it.estate or "", place=where(of_it.building, place=of_it.place),
                            company=getattr(company, language),
                            time=_time(of_it.happened_at, tz)).replace("  ", " ").strip()

    return Named(text("zh"), text("en"))


def act_shown(view: View, act: EmergencyAct, names: dict[int, str]) -> ActShown:
    return ActShown(act.place, act.at, act.who, act.what, act.step or None, act.level, names.get(act.to_id or 0), tuple(act.said),
                    view.show(act.text or None, Private.TEXT))


def named(words: Said) -> Named:
    return Named(words.zh, words.en)


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    return _two(session.execute(select(User.id, User.name).where(User.id.in_(ids))))


def _names(session: Session, lines: list[EmergencyAct], state: State | None) -> dict[int, str]:
    ids = {act.to_id for act in lines} | {step.by_id for step in (state.steps if state else {}).values()}
    return names_of(session, {one for one in ids if one is not None})


def _steps(found: Definition, state: State, names: dict[int, str]) -> tuple[StepShown, ...]:
    """In the order of the list; what was not raised is not on it."""
    return tuple(
        StepShown(name, named(step.does), named(step.note) if step.note else None, step.who, step.needed, step.after,
                  now.standing.value, now.since, now.due_at, now.ended_at, names.get(now.by_id or 0), now.is_late)
        for name, step in found.steps.items() if (now := state.steps.get(name)) is not None)


def _time(at: datetime, tz: tzinfo) -> str:
    return at.astimezone(tz).strftime("%m-%d %H:%M")


def _two(rows: Any) -> dict[int, str]:
    return dict(rows.all())
