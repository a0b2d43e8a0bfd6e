"""Lists that somebody prints and signs: the day's suggestions (E8), vacant flats (J2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from callcenter.private import Private
from callcenter.roles import Role
from crm.kinds.service import newest
from crm.ledgers.vacant import vacant_flats
from crm.notices.words import Named
from crm.reports.shelf.of_tickets import NO_ESTATE, estate_names
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Name, Parameter, Report, Row, Sheet, Type, api
from crm.tickets.models import Ticket
from crm.tickets.reading import seen
from crm.tickets.schemas import Link

_YES_NO: Final = {"yes": Named("有问题", "yes"), "no": Named("正常", "no"), "": Named("–", "–")}


def suggestions(session: Session, ask: Ask) -> Sequence[Sheet]:
    """Of every kind that gathers others: what was gathered within these days."""
    gathering = [one.kind.kind for one in newest(session) if one.kind.recurs is not None and one.kind.recurs.gathers is not None]
    digest = aliased(Ticket)
    gathered: Select[Any] = select(Ticket).add_columns(digest.created_at).join(digest, digest.id == Ticket.parent_id).where(
        digest.kind.in_(gathering), Ticket.parent_as == Link.PART.value,
        digest.created_at >= ask.begin, digest.created_at < ask.end)
    query = seen(session, ask.view.actor, gathered)
    if ask.estate_id is not None:
        query = query.where(Ticket.estate_id == ask.estate_id)

    def rows() -> Iterator[Row]:
        for row, compiled in session.execute(query.order_by(digest.created_at, Ticket.id)):
            words = [row.fields.get(name) for name in ("what", "decision")]
            yield [Cell(row.number, api(f"/tickets/{row.id}")), compiled,
                   NO_ESTATE if row.estate_id is None else str(row.estate_id),
                   *(ask.view.show(word, Private.TEXT) if isinstance(word, str) else None for word in words), row.stage]

    return [Sheet("suggestions", Named("建议每日汇编", "Digest of suggestions"), (
        Column("number", Named("编号", "Number"), width=1.5),
        Column("compiled", Named("汇编时间", "Compiled"), Type.TIME, width=1.4),
        Column("estate", Named("小区", "Estate"), words=estate_names(session)),
        Column("what", Named("建议内容", "The suggestion"), width=3), Column("decision", Named("采纳意见", "Reasons"), width=2),
        Column("stage", Named("环节", "Stage"), words=_stages(session))), rows())]


def vacant(session: Session, ask: Ask) -> Sequence[Sheet]:
    def rows() -> Iterator[Row]:
        cursor: str | None = None
        while True:
            page = vacant_flats(session, ask.view.actor, ask.estate_id, cursor=cursor, limit=200)
            for flat in page.items:
                yield [Cell(flat.room, api(f"/households/{flat.household_id}")), flat.estate, flat.checked_at,
                       "" if flat.found is None else "yes" if flat.found else "no",
                       None if flat.check_id is None else Cell(flat.check_due_from, api(f"/tickets/{flat.check_id}")),
                       flat.open_repairs]
            cursor = page.next
            if cursor is None:
                return

    return [Sheet("flats", Named("空置房清单", "Vacant flats"), (
        Column("room", Named("房号", "Room"), width=1.5), Column("estate", Named("小区", "Estate")),
        Column("checked", Named("上次检查", "Last checked"), Type.TIME, width=1.4),
        Column("found", Named("检查结果", "Something found"), words=_YES_NO),
        Column("open_check", Named("待检查（开单）", "Check is open since"), Type.TIME, width=1.4),
        Column("repairs", Named("未结报修", "Open repairs"), Type.INTEGER)), rows(),
        remark=Named("此刻带有“空置”标签的房屋。", "Flats that bear the tag `vacant` now."))]


def _stages(session: Session) -> dict[str, Named]:
    gathered = {one.kind.recurs.gathers.kind for one in newest(session) if one.kind.recurs is not None and one.kind.recurs.gathers}
    return {name: Named(stage.name.zh, stage.name.en) for one in newest(session) if one.kind.kind in gathered
            for name, stage in one.kind.stages.items()}


REPORTS: Final = (
    Report("suggestions", Named("建议每日汇编", "Digest of suggestions"), LEADS, suggestions, (Parameter(Name.ESTATE),)),
    Report("vacant-flats", Named("空置房清单", "Vacant flats"), LEADS | {Role.OFFICE, Role.ENGINEER}, vacant,
           (Parameter(Name.ESTATE),), of_tickets=False),
)
