"""Clocks as reports: the on-time rate (及时率) by clock, and promises kept and missed (A6, E3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from callcenter.roles import Role
from crm.clocks.figures import on_time_rate
from crm.clocks.models import TicketClock
from crm.kinds.service import newest
from crm.notices.words import Named
from crm.reports.shelf.of_log import kind_names
from crm.reports.shelf.of_tickets import NO_ESTATE, estate_names
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api, streamed
from crm.tickets.models import Ticket
from crm.tickets.reading import seen

_RESULTS: Final = {"kept": Named("按时", "kept"), "missed": Named("超时", "missed"), "open": Named("未到期", "open")}
_RATE: Final = Named("及时率 = 按时结束的时限 ÷ 已结束的时限。", "On-time rate = clocks kept ÷ clocks that ended.")


def on_time(session: Session, ask: Ask) -> Sequence[Sheet]:
    by_estate = ask.given[Name.BY] == "estate"
    first: Any = Ticket.estate_id if by_estate else Ticket.kind
    query = _ended(session, ask).with_only_columns(
        first, TicketClock.clock, func.sum(cast(TicketClock.kept, Integer)), func.count())
    found = session.execute(query.group_by(first, TicketClock.clock).order_by(first, TicketClock.clock)).all()
    kept, ended = sum(int(row[2]) for row in found), sum(int(row[3]) for row in found)
    parameter = Name.ESTATE if by_estate else Name.KIND

    def rows() -> Iterator[Row]:
        for key, clock, good, whole in found:
            said = {parameter.value: str(key), "clock": clock, "by": None}

            def link(which: str, said: dict[str, str | None] = said, key: object = key) -> str | None:
                return None if key is None else ask.link("clock-list", which=which, **said)

            yield [NO_ESTATE if key is None else str(key), clock, Cell(int(whole), link("ended")), Cell(int(good), link("kept")),
                   Cell(int(whole) - int(good), link("missed")), Cell(on_time_rate(int(good), int(whole)), link("ended"))]

    names = estate_names(session) if by_estate else kind_names(session)
    return [Sheet("clocks", Named("及时率", "On-time rate"), (
        Column("key", Named("小区", "Estate") if by_estate else Named("工单类型", "Kind"), words=names, width=1.8),
        Column("clock", Named("时限", "Clock"), words=clock_names(session, ask.get(Name.KIND)), width=1.6),
        Column("ended", Named("已结束", "Ended"), Type.INTEGER), Column("kept", Named("按时", "Kept"), Type.INTEGER),
        Column("missed", Named("超时", "Missed"), Type.INTEGER), Column("rate", Named("及时率", "On-time rate"), Type.SHARE)),
        rows(), (
            Headline(Named("及时率", "On-time rate"), Type.SHARE, on_time_rate(kept, ended),
                     ask.link("clock-list", by=None, which="ended")),
            Headline(Named("超时", "Missed"), Type.INTEGER, ended - kept, ask.link("clock-list", by=None, which="missed"))), _RATE)]


def clock_list(session: Session, ask: Ask) -> Sequence[Sheet]:
    query = _ended(session, ask)
    match ask.given[Name.WHICH]:
        case "kept":
            query = query.where(TicketClock.kept.is_(True))
        case "missed":
            query = query.where(TicketClock.kept.is_(False))
    return [_list(session, ask, query.order_by(TicketClock.ended_at, TicketClock.id))]


def promises(session: Session, ask: Ask) -> Sequence[Sheet]:
    query = _clocks(session, ask).where(TicketClock.promised, TicketClock.due_at >= ask.begin, TicketClock.due_at < ask.end)
    missed, kept = TicketClock.broken_at.is_not(None), TicketClock.kept.is_(True)
    result = case((missed, "missed"), (kept, "kept"), else_="open")
    # What was withdrawn was neither kept nor missed: nothing is promised any more.
    query = query.where(TicketClock.ended_at.is_(None) | TicketClock.kept.is_not(None))
    counts: dict[str, int] = dict(session.execute(query.with_only_columns(result, func.count()).group_by(result)).all())
    over = counts.get("kept", 0) + counts.get("missed", 0)
    headlines = (*(Headline(_RESULTS[one], Type.INTEGER, counts.get(one, 0), ask.link("promises", which=one)) for one in _RESULTS),
                 Headline(Named("兑现率", "Kept of those due"), Type.SHARE, counts.get("kept", 0) / over if over else None,
                          ask.link("promises", which="all")))
    if (which := ask.given[Name.WHICH]) != "all":
        query = query.where(result == which)
    return [_list(session, ask, query.order_by(TicketClock.due_at, TicketClock.id), headlines)]


def clock_names(session: Session, only: str | None = None) -> dict[str, Named]:
    """By all names that kinds (`only`: this one) have for it: a complaint's `reply` is promised, a written one's is on paper."""
    found: dict[str, set[Named]] = defaultdict(set)
    for one in newest(session):
        for name, rule in one.kind.clocks.items():
            if only in (None, one.kind.kind):
                found[name].add(Named(rule.name.zh, rule.name.en))
    return {name: Named(" / ".join(sorted({each.zh for each in names})), " / ".join(sorted({each.en for each in names})))
            for name, names in found.items()}


def _list(session: Session, ask: Ask, query: Any, headlines: tuple[Headline, ...] = ()) -> Sheet:
    return Sheet("clocks", Named("时限", "Clocks"), (
        Column("number", Named("编号", "Number"), width=1.5), Column("kind", Named("类型", "Kind"), words=kind_names(session)),
        Column("estate", Named("小区", "Estate"), words=estate_names(session)),
        Column("clock", Named("时限", "Clock"), words=clock_names(session, ask.get(Name.KIND)), width=1.6),
        Column("started", Named("开始", "Started"), Type.TIME, width=1.4),
        Column("due", Named("到期", "Due"), Type.TIME, width=1.4),
        Column("broken", Named("超时自", "Broken"), Type.TIME, width=1.4),
        Column("ended", Named("结束", "Ended"), Type.TIME, width=1.4),
        Column("result", Named("结果", "Result"), words=_RESULTS, width=0.8)), _rows(session, query), headlines)


def _rows(session: Session, query: Any) -> Iterator[Row]:
    found = query.with_only_columns(
        Ticket.id, Ticket.number, Ticket.kind, Ticket.estate_id, TicketClock.clock, TicketClock.started_at, TicketClock.due_at,
        TicketClock.broken_at, TicketClock.ended_at, TicketClock.kept)
    for ident, number, kind, estate_id, clock, started, due, broken, ended, kept in streamed(session, found):
        yield [Cell(number, api(f"/tickets/{ident}/clocks")), kind, NO_ESTATE if estate_id is None else str(estate_id), clock,
               started, due, broken, ended, "missed" if broken else "kept" if kept else "open"]


def _ended(session: Session, ask: Ask) -> Any:
    return _clocks(session, ask).where(TicketClock.ended_at >= ask.begin, TicketClock.ended_at < ask.end,
                                       TicketClock.kept.is_not(None))


def _clocks(session: Session, ask: Ask) -> Any:
    """Of tickets that the actor sees."""
    query: Any = select(TicketClock, Ticket).join(Ticket, Ticket.id == TicketClock.ticket_id)
    query = seen(session, ask.view.actor, query)
    for name, column in ((Name.KIND, Ticket.kind), (Name.CLOCK, TicketClock.clock)):
        if (value := ask.get(name)) is not None:
            query = query.where(column == value)
    return query if ask.estate_id is None else query.where(Ticket.estate_id == ask.estate_id)


_OF: Final = (Parameter(Name.ESTATE), Parameter(Name.KIND), Parameter(Name.CLOCK))
_SEE: Final = LEADS | {Role.OPERATIONS}
REPORTS: Final = (
    Report("on-time", Named("及时率", "On-time rate"), _SEE, on_time, (Parameter(Name.BY, ("kind", "estate")), *_OF)),
    Report("clock-list", Named("时限明细", "Clocks, one by one"), _SEE, clock_list,
           (Parameter(Name.WHICH, ("ended", "kept", "missed")), *_OF)),
    Report("promises", Named("承诺兑现", "Promises kept and missed"), LEADS, promises,
           (Parameter(Name.WHICH, ("all", *_RESULTS)), *_OF)),
)
