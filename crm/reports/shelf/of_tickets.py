"""Tickets opened, closed and open by age, by kind or estate; and the tickets behind such a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from callcenter.private import Private
from crm.households.models import Estate
from crm.notices.words import Named
from crm.reports.shelf.of_log import kind_names
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api, streamed
from crm.staff.models import User
from crm.tickets.models import Ticket
from crm.tickets.reading import seen

# (which, its column, from how many days to how many)
AGES: Final = (
    ("open_1d", Named("未结 <1天", "Open <1 day"), 0, 1), ("open_3d", Named("未结 1–3天", "Open 1–3 days"), 1, 3),
    ("open_7d", Named("未结 3–7天", "Open 3–7 days"), 3, 7), ("open_30d", Named("未结 7–30天", "Open 7–30 days"), 7, 30),
    ("open_older", Named("未结 >30天", "Open >30 days"), 30, None),
)
WHICH: Final = ("opened", "closed", "open", *(which for which, *_ in AGES))
_STATES: Final = {"open": Named("未结", "open"), "closed": Named("已结", "closed")}
NO_ESTATE: Final = ""


def estate_names(session: Session) -> dict[str, Named]:
    return {NO_ESTATE: Named("（无）", "(none)"),
            **{str(ident): Named(name, name_en or name)
               for ident, name, name_en in session.execute(select(Estate.id, Estate.name, Estate.name_en))}}


def tickets(session: Session, ask: Ask) -> Sequence[Sheet]:
    by_estate = ask.given[Name.BY] == "estate"
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for which in WHICH:
        query = _of(session, ask, which)
        column: Any = Ticket.estate_id if by_estate else Ticket.kind
        for key, count in session.execute(query.with_only_columns(column, func.count()).group_by(column)):
            counts[NO_ESTATE if key is None else str(key)][which] = count
    names = estate_names(session) if by_estate else kind_names(session)
    titles = {"opened": Named("新增", "Opened"), "closed": Named("办结", "Closed"), "open": Named("未结", "Open"),
              **{which: title for which, title, *_ in AGES}}
    parameter = Name.ESTATE if by_estate else Name.KIND

    def cells(key: str) -> Row:
        # What belongs to no estate cannot be asked for alone.
        return [key, *(Cell(counts[key][which], None if key == NO_ESTATE else ask.link(
            "ticket-list", by=None, which=which, **{parameter.value: key})) for which in WHICH)]

    first = Column("key", Named("小区", "Estate") if by_estate else Named("工单类型", "Kind"), words=names, width=1.8)
    return [Sheet(
        "tickets", Named("工单", "Tickets"), (first, *(Column(which, titles[which], Type.INTEGER) for which in WHICH)),
        (cells(key) for key in sorted(counts)),
        tuple(Headline(titles[which], Type.INTEGER, sum(row[which] for row in counts.values()),
                       ask.link("ticket-list", by=None, which=which)) for which in ("opened", "closed", "open")),
        Named("未结为生成时的状态。", "Open ones are those of the moment when the report was made."))]


def ticket_list(session: Session, ask: Ask) -> Sequence[Sheet]:
    owner, assignee = aliased(User), aliased(User)
    query = (_of(session, ask, ask.given[Name.WHICH]).outerjoin(owner, owner.id == Ticket.owner_id)
             .outerjoin(assignee, assignee.id == Ticket.assignee_id).order_by(Ticket.id)
             .with_only_columns(Ticket.id, Ticket.number, Ticket.kind, Ticket.title, Ticket.estate_id, Ticket.stage, Ticket.state,
                                Ticket.created_at, Ticket.closed_at, owner.name, assignee.name))
    return [Sheet("tickets", Named("工单", "Tickets"), (
        Column("number", Named("编号", "Number"), width=1.5), Column("kind", Named("类型", "Kind"), words=kind_names(session)),
        Column("title", Named("事项", "Title"), width=2.4), Column("estate", Named("小区", "Estate"), words=estate_names(session)),
        Column("stage", Named("环节", "Stage")), Column("state", Named("状态", "State"), words=_STATES, width=0.7),
        Column("opened", Named("开单", "Opened"), Type.TIME, width=1.4),
        Column("closed", Named("办结", "Closed"), Type.TIME, width=1.4),
        Column("owner", Named("责任人", "Owner")), Column("assignee", Named("处理人", "Assignee"))), _rows(session, ask, query))]


def _rows(session: Session, ask: Ask, query: Any) -> Iterator[Row]:
    for ident, number, kind, title, estate_id, stage, state, created, closed, owner, assignee in streamed(
            session, query):
        yield [Cell(number, api(f"/tickets/{ident}")), kind, ask.view.show(title, Private.TEXT),
               NO_ESTATE if estate_id is None else str(estate_id), stage, state, created, closed, owner, assignee]


def _of(session: Session, ask: Ask, which: str) -> Select[Any]:
    """Those that the actor sees."""
    query: Select[Any] = seen(session, ask.view.actor, select(Ticket))
    if ask.estate_id is not None:
        query = query.where(Ticket.estate_id == ask.estate_id)
    if (kind := ask.get(Name.KIND)) is not None:
        query = query.where(Ticket.kind == kind)
    if which == "opened":
        return query.where(Ticket.created_at >= ask.begin, Ticket.created_at < ask.end)
    if which == "closed":
        return query.where(Ticket.state == "closed", Ticket.closed_at >= ask.begin, Ticket.closed_at < ask.end)
    query = query.where(Ticket.state == "open")
    for name, _, from_days, to_days in AGES:
        if name == which:
            query = query.where(Ticket.created_at <= ask.now - timedelta(days=from_days))
            if to_days is not None:
                query = query.where(Ticket.created_at > ask.now - timedelta(days=to_days))
    return query


_OF: Final = (Parameter(Name.ESTATE), Parameter(Name.KIND))
REPORTS: Final = (
    Report("tickets", Named("工单统计", "Tickets"), LEADS, tickets, (Parameter(Name.BY, ("kind", "estate")), *_OF)),
    Report("ticket-list", Named("工单明细", "Tickets, one by one"), LEADS, ticket_list, (Parameter(Name.WHICH, WHICH), *_OF)),
)
