"""Follow-ups (G): how many were made and done by kind, how satisfied people are, and how far the yearly plans have come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.orm import Session

from crm.followups.figures import Figure, KindFigures, Period, figures
from crm.followups.plans import plans, progress
from crm.notices.words import Named
from crm.reports.shelf.of_tickets import estate_names
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api

MOST_ROWS: Final = 200
_WHY: Final = {
    "complaint": Named("投诉回访", "after a complaint"), "repair": Named("维修回访", "after a repair"),
    "survey": Named("意见征询回访", "after a survey"), "periodic": Named("定期回访", "periodic"),
    "incident": Named("突发事件回访", "after an incident"), "unsatisfied": Named("不满意回访", "not satisfied"),
    "other": Named("其他", "other")}


def follow_ups(session: Session, ask: Ask) -> Sequence[Sheet]:
    found = figures(session, ask.view.actor, Period(ask.begin, ask.end, ask.estate_id), ask.now)
    answered = found.dissatisfied - found.missing
    return [
        Sheet("followups", Named("回访", "Follow-ups"), (
            Column("why", Named("类型", "Kind"), words=_WHY, width=1.6), Column("made", Named("应回访", "Made"), Type.INTEGER),
            Column("done", Named("已回访", "Done"), Type.INTEGER), Column("not_done", Named("未完成", "Not done"), Type.INTEGER),
            Column("rate", Named("回访率", "Follow-up rate"), Type.SHARE),
            Column("on_time", Named("及时完成", "In time"), Type.INTEGER),
            Column("on_time_rate", Named("及时率", "On-time rate"), Type.SHARE)), [_row(ask, one) for one in found.kinds], (
            Headline(Named("不满意", "Not satisfied"), Type.INTEGER, found.dissatisfied, _rows(ask, "dissatisfied")),
            Headline(Named("不满意已回访", "Dissatisfied followed up"), Type.SHARE, _share(answered, found.dissatisfied),
                     _rows(ask, "dissatisfied_missing")),
            Headline(Named("不满意漏回访", "Dissatisfied and missing"), Type.INTEGER, found.missing,
                     _rows(ask, "dissatisfied_missing")),
            Headline(Named("满意率", "Satisfaction rate"), Type.SHARE, _share(found.satisfied, found.rated), _rows(ask, "rated")),
            Headline(Named("接通率", "Reached rate"), Type.SHARE, _share(found.reached, found.closed), _rows(ask, "called"))),
            Named("不满意必须百分之百回访。", "Every \"not satisfied\" must be followed up.")),
        Sheet("plans", Named("年度计划", "Yearly plans"), (
            Column("estate", Named("小区", "Estate"), words=estate_names(session), width=1.6),
            Column("year", Named("年度", "Year")), Column("target", Named("目标", "Target"), Type.SHARE),
            Column("so_far", Named("已覆盖", "So far"), Type.SHARE),
            Column("forecast", Named("年末预计", "Forecast"), Type.SHARE)), _plans(session, ask))]


def _plans(session: Session, ask: Ask) -> Iterator[Row]:
    for one in plans(session, ask.view.actor, ask.days.last.year):
        if ask.estate_id in (None, one.estate_id):
            come = progress(session, ask.view.actor, one.plan_id, ask.now, ask.tz)
            rows = api(f"/followups/plans/{one.plan_id}")
            shares = [Cell(share, rows) for share in (one.share, come.share_so_far, come.forecast)]
            yield [str(one.estate_id), str(one.year), *shares]


def _row(ask: Ask, one: KindFigures) -> Row:
    def cell(value: float | None, figure: Figure) -> Cell:
        return Cell(value, _rows(ask, figure, one.why))

    return [one.why, cell(one.made, "made"), cell(one.done, "done"), cell(one.made - one.done, "not_done"),
            cell(_share(one.done, one.made), "not_done"), cell(one.on_time, "on_time"),
            cell(_share(one.on_time, one.ended_or_late), "on_time")]


def _rows(ask: Ask, figure: Figure, why: str | None = None) -> str:
    return api("/followups/figures/rows", **{"from": ask.begin.isoformat(), "to": ask.end.isoformat()}, figure=figure, why=why,
               estate_id=ask.estate_id, limit=MOST_ROWS)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


REPORTS: Final = (Report("followups", Named("回访统计", "Follow-ups"), LEADS, follow_ups, (Parameter(Name.ESTATE),)),)
