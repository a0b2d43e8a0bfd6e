"""Complaints and how they were handled (投诉及处理月报表, E9): by category, kind, cause and estate, with the months before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from crm.complaints.figures import Counts, counts
from crm.complaints.report import Asked, Span, by_parts, counted, report
from crm.complaints.report import Row as Part
from crm.notices.words import Named
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api

NOT_SAID: Final = ""
MONTHS: Final = 6
_COUNTS: Final = (
    ("received", Named("受理", "Received")), ("handled", Named("已处理", "Handled")), ("open", Named("未处理", "Open")),
    ("withdrawn", Named("撤回", "Withdrawn")), ("late", Named("超时", "Late")), ("repeats", Named("重复投诉", "Repeated")),
    ("upheld", Named("有效", "Upheld")), ("partly", Named("部分有效", "Partly")), ("not_upheld", Named("无效", "Not upheld")),
)
_RATES: Final = (("timeliness_rate", "timed", Named("及时率", "On time")),
                 ("handling_rate", "handled", Named("处理率", "Handled share")))
_PARTS: Final = (("category", Named("按类别", "By category")), ("kind", Named("按类型", "By kind")),
                 ("cause", Named("按原因", "By cause")), ("estate_id", Named("按小区", "By estate")))
_REMARK: Final = Named(
    "及时率＝各时限均按时的投诉÷已有时限结束的投诉；处理率＝已处理÷（受理－撤回）；重复投诉：同一住户90天内同类投诉。",
    "On time: every ended clock kept ÷ a clock has ended. Handled share: handled ÷ (received − withdrawn). Repeated: the same "
    "household and sort within 90 days.")


def complaints(session: Session, ask: Ask) -> Sequence[Sheet]:
    month = counted(session, ask.view.actor, Span(ask.begin, ask.end, ask.estate_id), ask.now)
    whole = counts(month.received, month)
    heads = (*(Headline(title, Type.INTEGER, getattr(whole, name), _rows_of(ask, name)) for name, title in _COUNTS[:3]),
             *(Headline(title, Type.SHARE, getattr(whole, rate), _rows_of(ask, figure)) for rate, figure, title in _RATES))
    parts = by_parts(session, ask.view.actor, month)
    sheets = [_part(ask, key, title, parts[key], heads if key == "category" else ()) for key, title in _PARTS]
    return [*sheets, _trend(session, ask)]


def _part(ask: Ask, key: str, title: Named, rows: Sequence[Part], heads: tuple[Headline, ...]) -> Sheet:
    names: dict[str, Named] = {NOT_SAID: Named("（未填）", "(not said)")}
    names |= {row.key: Named(row.name.zh, row.name.en) for row in rows if row.key is not None and row.name is not None}
    first = Column(key, title, words=names, width=2.2)

    def cells(row: Part) -> Row:
        # What was not said cannot be asked for alone.
        only = None if row.key is None else {key: row.key}
        return [row.key or NOT_SAID, *_cells(row.counts, lambda figure: None if only is None else _rows_of(ask, figure, only))]

    return Sheet(key, title, (first, *_columns()), (cells(row) for row in rows), heads, _REMARK if heads else None)


def _trend(session: Session, ask: Ask) -> Sheet:
    last = ask.days.last
    found = report(session, ask.view.actor, Asked(last.year, last.month, ask.estate_id), ask.now, ask.tz, MONTHS)

    def cells(month: str, each: Counts, change: float | None) -> Row:
        begins = date.fromisoformat(f"{month}-01")
        ends = (begins + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        days = {"from": begins.isoformat(), "to": ends.isoformat()}
        return [month, *_cells(each, lambda figure: _rows_of(ask, figure, days)), change]

    columns = (Column("month", Named("月份", "Month"), width=1.4), *_columns(),
               Column("change", Named("环比", "Change"), Type.SHARE))
    return Sheet("trend", Named("趋势", "Trend"), columns, (cells(row.month, row.counts, row.change) for row in found.trend))


def _columns() -> tuple[Column, ...]:
    return (*(Column(name, title, Type.INTEGER) for name, title in _COUNTS),
            *(Column(rate, title, Type.SHARE) for rate, _, title in _RATES))


def _cells(each: Counts, behind: Callable[[str], str | None]) -> list[Cell]:
    return [*(Cell(getattr(each, name), behind(name)) for name, _ in _COUNTS),
            *(Cell(getattr(each, rate), behind(figure)) for rate, figure, _ in _RATES)]


def _rows_of(ask: Ask, figure: str, narrowed: Mapping[str, str] | None = None) -> str:
    asked: dict[str, str | None] = {"from": ask.days.first.isoformat(), "to": ask.days.last.isoformat(),
                                    "estate_id": ask.get(Name.ESTATE), "figure": figure}
    return api("/complaints/rows", **{**asked, **(narrowed or {})})


REPORTS: Final = (
    Report("complaints", Named("投诉及处理月报表", "Complaints and how they were handled"), LEADS, complaints,
           (Parameter(Name.ESTATE),),
           Named("所选日期内受理的投诉，按期末状态统计。", "Complaints received within these days, as they stood at their end.")),
)
