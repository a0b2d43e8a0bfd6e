"""What was sent outside: notices by mail and robots, webhooks; and what did not arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callcenter.private import Private
from callcenter.roles import Role
from crm.notices.models import Delivery, Notice
from crm.notices.words import Named
from crm.reports.shelf.report import Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api, streamed
from crm.tickets.models import Ticket
from crm.tickets.reading import seen
from crm.webhooks.models import WebhookDelivery

_RESULTS: Final = {"sent": Named("已送达", "sent"), "waiting": Named("待重试", "waiting"), "failed": Named("失败", "failed")}


def deliveries(session: Session, ask: Ask) -> Sequence[Sheet]:
    result = case((Delivery.sent_at.is_not(None), "sent"), (Delivery.failed_at.is_not(None), "failed"), else_="waiting")
    query = _notices(session, ask)
    found = session.execute(query.with_only_columns(Delivery.channel, result, func.count()).group_by(Delivery.channel, result))
    counts: dict[str, dict[str, int]] = {}
    for channel, state, count in found:
        counts.setdefault(channel, {})[state] = count
    if (which := ask.given[Name.WHICH]) != "all":
        query = query.where(result == which)
    links = {one: ask.link("deliveries", which=one) for one in _RESULTS}
    summary = Sheet(
        "channels", Named("渠道", "Channels"),
        (Column("channel", Named("渠道", "Channel"), width=2), *(Column(one, _RESULTS[one], Type.INTEGER) for one in _RESULTS)),
        ([channel, *(Cell(counts[channel].get(one, 0), links[one]) for one in _RESULTS)] for channel in sorted(counts)),
        tuple(Headline(_RESULTS[one], Type.INTEGER, sum(each.get(one, 0) for each in counts.values()), links[one])
              for one in _RESULTS))
    return [summary, _list(session, ask, query.add_columns(result)), _webhooks(session, ask)]


def _notices(session: Session, ask: Ask) -> Any:
    """Of tickets that the actor sees."""
    query: Any = (select(Delivery, Notice, Ticket).join(Notice, Notice.id == Delivery.notice_id)
                  .join(Ticket, Ticket.id == Notice.ticket_id).where(Notice.at >= ask.begin, Notice.at < ask.end))
    if ask.estate_id is not None:
        query = query.where(Ticket.estate_id == ask.estate_id)
    return seen(session, ask.view.actor, query)


def _list(session: Session, ask: Ask, query: Any) -> Sheet:
    return Sheet("deliveries", Named("通知投递", "Deliveries of notices"), (
        Column("at", Named("时间", "At"), Type.TIME, width=1.4), Column("ticket", Named("工单", "Ticket"), width=1.5),
        Column("channel", Named("渠道", "Channel"), width=1.2), Column("address", Named("地址", "Address"), width=1.6),
        Column("tries", Named("次数", "Tries"), Type.INTEGER, width=0.6),
        Column("sent_at", Named("送达", "Sent"), Type.TIME, width=1.4), Column("error", Named("错误", "Error"), width=1.2),
        Column("result", Named("结果", "Result"), words=_RESULTS)), _rows(session, ask, query))


def _rows(session: Session, ask: Ask, query: Any) -> Iterator[Row]:
    for delivery, notice, ticket, result in streamed(session, query.order_by(Notice.at, Delivery.id)):
        yield [notice.at, Cell(ticket.number, api(f"/tickets/{ticket.id}")), delivery.channel,
               ask.view.show(delivery.address, Private.EMAIL) if delivery.address else None, delivery.tries, delivery.sent_at,
               delivery.error, result]


def _webhooks(session: Session, ask: Ask) -> Sheet:
    """Counts alone, of who may see all: where they go is the administrator's."""
    states = ("delivered", "waiting", "failed")
    query = (select(WebhookDelivery.webhook_id, WebhookDelivery.state, func.count())
             .where(WebhookDelivery.created_at >= ask.begin, WebhookDelivery.created_at < ask.end)
             .group_by(WebhookDelivery.webhook_id, WebhookDelivery.state).order_by(WebhookDelivery.webhook_id))
    counts: dict[int, dict[str, int]] = {}
    if ask.estates is None:
        for ident, state, count in session.execute(query):
            counts.setdefault(ident, {})[state] = count
    titles = (_RESULTS["sent"], _RESULTS["waiting"], _RESULTS["failed"])
    return Sheet("webhooks", Named("Webhook", "Webhooks"), (
        Column("webhook", Named("编号", "Webhook"), Type.INTEGER),
        *(Column(state, title, Type.INTEGER) for state, title in zip(states, titles, strict=True))),
        ([ident, *(Cell(counts[ident].get(state, 0), api(f"/webhooks/{ident}/deliveries", state=state)) for state in states)]
         for ident in counts))


REPORTS: Final = (
    Report("deliveries", Named("通知投递", "Deliveries"), frozenset({Role.SUPERVISOR, Role.MANAGER, Role.OPERATIONS, Role.ADMIN}),
           deliveries, (Parameter(Name.WHICH, ("all", *_RESULTS)), Parameter(Name.ESTATE)), most_days=92),
)
