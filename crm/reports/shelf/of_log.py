"""The call-and-visit log (来电来访记录, A5) as a report, and the callbacks that callers were promised (A11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from callcenter.events import CallbackState
from callcenter.private import Private
from crm.callbacks.models import CallbackRow
from crm.calls.models import ContactEntry
from crm.calls.service import entry_shown, masked_entry, not_of_complaints_about
from crm.households.estates import seen_by
from crm.households.models import Household
from crm.kinds.service import newest
from crm.notices.words import Named
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api, streamed
from crm.tickets.models import Ticket

_SOURCES: Final = {"call": Named("来电", "call"), "visit": Named("来访", "visit")}
_DONE: Final = {"yes": Named("已填写", "complete"), "no": Named("待填写", "to be completed")}
_DECLINED: Final = Named("不愿留联系方式", "declined")
STATES: Final = {
    CallbackState.WAITING.value: Named("等待中", "waiting"), CallbackState.RINGING.value: Named("振铃中", "ringing"),
    CallbackState.RETRY.value: Named("待重拨", "to be tried again"),
    CallbackState.DONE.value: Named("已回拨", "done"), CallbackState.FAILED.value: Named("未接通", "failed"),
    CallbackState.CANCELLED.value: Named("已取消", "cancelled"), CallbackState.TALKING.value: Named("通话中", "talking"),
}


def kind_names(session: Session) -> dict[str, Named]:
    return {one.kind.kind: Named(one.kind.name.zh, one.kind.name.en) for one in newest(session)}


def contact_log(session: Session, ask: Ask) -> Sequence[Sheet]:
    query = _entries(ask)
    counted = query.with_only_columns(ContactEntry.source, func.count(), func.count(ContactEntry.completed_at)).group_by(
        ContactEntry.source)
    counts = {source: (whole, done) for source, whole, done in session.execute(counted)}
    calls, visits = (counts.get(source, (0, 0)) for source in _SOURCES)
    left = calls[0] + visits[0] - calls[1] - visits[1]
    match ask.given[Name.WHICH]:
        case "open":
            query = query.where(ContactEntry.completed_at.is_(None))
        case "call" | "visit" as source:
            query = query.where(ContactEntry.source == source)
    return [Sheet("entries", Named("来电来访记录", "Calls and visits"), (
        Column("at", Named("时间", "Time"), Type.TIME, width=1.3),
        Column("source", Named("方式", "By"), words=_SOURCES, width=0.6), Column("name", Named("姓名", "Name"), width=0.8),
        Column("contact", Named("联系方式", "Contact"), words={"declined": _DECLINED}, width=1.2),
        Column("room", Named("房号", "Room")), Column("matter", Named("事项", "Matter"), width=2.2),
        Column("kind", Named("类型", "Kind"), words=kind_names(session), width=0.8),
        Column("result", Named("处理结果", "Result"), width=2.2), Column("seat", Named("座席", "Seat"), width=0.6),
        Column("ticket", Named("工单", "Ticket"), width=1.4), Column("done", Named("状态", "State"), words=_DONE, width=0.8)),
        _entry_rows(session, ask, query), (
            Headline(Named("来电", "Calls"), Type.INTEGER, calls[0], ask.link("contact-log", which="call")),
            Headline(Named("来访", "Visits"), Type.INTEGER, visits[0], ask.link("contact-log", which="visit")),
            Headline(Named("待填写", "To be completed"), Type.INTEGER, left, ask.link("contact-log", which="open"))))]


def _entries(ask: Ask) -> Select[ContactEntry, str | None]:
    query = (select(ContactEntry, Ticket.number).outerjoin(Ticket, Ticket.id == ContactEntry.ticket_id)
             .where(ContactEntry.at >= ask.begin, ContactEntry.at < ask.end, seen_by(ask.view.actor, ContactEntry.household_id),
                    not_of_complaints_about(ask.view.actor)))
    if ask.estate_id is not None:
        query = query.where(ContactEntry.household_id.in_(select(Household.id).where(Household.estate_id == ask.estate_id)))
    if (kind := ask.get(Name.KIND)) is not None:
        query = query.where(ContactEntry.kind == kind)
    return query


def _entry_rows(session: Session, ask: Ask, query: Select[ContactEntry, str | None]) -> Iterator[Row]:
    for entry, number in streamed(session, query.order_by(ContactEntry.at, ContactEntry.id)):
        seen = masked_entry(entry_shown(entry), ask.view)
        yield [seen.at, seen.source, seen.name, "declined" if seen.declined_contact else seen.contact,
               ask.view.show(seen.room, Private.ROOM), seen.matter, seen.kind, seen.result, seen.seat,
               Cell(number, None if seen.ticket_id is None else api(f"/tickets/{seen.ticket_id}")),
               "yes" if seen.completed_at else "no"]
        session.expunge(entry)


def callbacks(session: Session, ask: Ask) -> Sequence[Sheet]:
    query = select(CallbackRow).where(CallbackRow.asked_at >= ask.begin, CallbackRow.asked_at < ask.end,
                                      seen_by(ask.view.actor, CallbackRow.household_id))
    if ask.estate_id is not None:
        query = query.where(CallbackRow.household_id.in_(select(Household.id).where(Household.estate_id == ask.estate_id)))
    if (queue := ask.get(Name.QUEUE)) is not None:
        query = query.where(CallbackRow.queue == queue)
    counts: dict[str, int] = dict(session.execute(
        query.with_only_columns(CallbackRow.state, func.count()).group_by(CallbackRow.state)).all())
    done, failed = counts.get(CallbackState.DONE.value, 0), counts.get(CallbackState.FAILED.value, 0)
    if (which := ask.given[Name.WHICH]) != "all":
        query = query.where(CallbackRow.state == which)
    return [Sheet("callbacks", Named("回拨", "Callbacks"), (
        Column("callback_id", Named("编号", "Callback"), width=1.6),
        Column("asked_at", Named("预约时间", "Asked for"), Type.TIME, width=1.4),
        Column("queue", Named("队列", "Queue")), Column("number", Named("号码", "Number"), width=1.3),
        Column("state", Named("状态", "State"), words=STATES), Column("attempts", Named("次数", "Tries"), Type.INTEGER),
        Column("since", Named("状态自", "Since"), Type.TIME, width=1.4), Column("took_s", Named("历时", "Took"), Type.SECONDS)),
        _callback_rows(session, ask, query), (
            Headline(Named("预约", "Asked for"), Type.INTEGER, sum(counts.values()), ask.link("callbacks", which="all")),
            Headline(Named("已回拨", "Done"), Type.INTEGER, done, ask.link("callbacks", which=CallbackState.DONE.value)),
            Headline(Named("未接通", "Failed"), Type.INTEGER, failed, ask.link("callbacks", which=CallbackState.FAILED.value)),
            Headline(Named("兑现率", "Kept"), Type.SHARE, done / (done + failed) if done + failed else None,
                     ask.link("callbacks", which="all"))),
        Named("兑现率 = 已回拨 ÷（已回拨 + 未接通）；取消的不计。",
              "Kept = done ÷ (done + failed); cancelled ones are in neither."))]


def _callback_rows(session: Session, ask: Ask, query: Select[CallbackRow]) -> Iterator[Row]:
    for (row,) in streamed(session, query.order_by(CallbackRow.asked_at, CallbackRow.callback_id)):
        is_done = row.state == CallbackState.DONE.value
        yield [Cell(row.callback_id, api(f"/calls/{row.callback_id}")), row.asked_at, row.queue,
               ask.view.show(row.number, Private.PHONE), row.state, row.attempts, row.since,
               (row.since - row.asked_at).total_seconds() if is_done else None]
        session.expunge(row)


REPORTS: Final = (
    Report("contact-log", Named("来电来访记录", "Call-and-visit log"), LEADS, contact_log,
           (Parameter(Name.WHICH, ("all", "call", "visit", "open")), Parameter(Name.ESTATE), Parameter(Name.KIND))),
    Report("callbacks", Named("回拨兑现", "Callbacks kept"), LEADS, callbacks,
           (Parameter(Name.WHICH, ("all", *STATES)), Parameter(Name.ESTATE), Parameter(Name.QUEUE)), of_tickets=False),
)
