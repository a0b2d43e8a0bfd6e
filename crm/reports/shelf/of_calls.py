"""Reports of calls: the rulebook's figures by queue, agent, team and estate, and the calls themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from callcenter.private import Private
from crm.calls.models import CallRow
from crm.calls.record import Outcome
from crm.households.estates import seen_by
from crm.households.models import Household
from crm.notices.words import Named
from crm.reports import figures as f
from crm.reports.narrowed import Narrow, narrowed
from crm.reports.service import MOST_INTERVALS, TooLong, day_bounds, rules_of
from crm.reports.shelf.report import LEADS, Ask, Cell, Column, Headline, Name, Parameter, Report, Row, Sheet, Type, api, streamed
from crm.reports.slices import NOBODY, By, FigureRow, Interval, edges, rows
from crm.reports.sources import estate_keys, sources, teams
from crm.staff.agents_models import AgentRow

WHOLE: Final = "whole"
INTERVALS: Final = (WHOLE, *(interval.value for interval in Interval))
OUTCOMES: Final = {
    Outcome.ANSWERED.value: Named("已接听", "answered"), Outcome.ABANDONED.value: Named("放弃", "abandoned"),
    Outcome.SHORT_ABANDON.value: Named("短时放弃", "short abandon"),
    Outcome.MESSAGE.value: Named("留言或预约回拨", "message or callback"),
    Outcome.MENU.value: Named("未入队", "menu only"), Outcome.LOST.value: Named("故障中断", "lost"),
    Outcome.CALLBACK.value: Named("回拨", "callback"),
}
RATINGS: Final = {"1": Named("满意", "satisfied"), "2": Named("一般", "fair"), "3": Named("不满意", "not satisfied")}
MISSED: Final = (Outcome.ABANDONED, Outcome.SHORT_ABANDON, Outcome.LOST)
# (column, whose calls stand behind it); a mean is of answered calls.
_FIGURES: Final[tuple[tuple[Column, str | None], ...]] = (
    (Column("offered", Named("呼入量", "Offered"), Type.INTEGER), "offered"),
    (Column("short_abandons", Named("短时放弃", "Short abandons"), Type.INTEGER), "short_abandons"),
    (Column("answered", Named("接听量", "Answered"), Type.INTEGER), "answered"),
    (Column("abandoned", Named("放弃量", "Abandoned"), Type.INTEGER), "abandoned"),
    (Column("overflowed", Named("溢出量", "Overflowed"), Type.INTEGER), "overflowed"),
    (Column("messages", Named("留言量", "Messages"), Type.INTEGER), "messages"),
    (Column("answered_in_2_rings", Named("两声内接听率", "Answered in 2 rings"), Type.SHARE), "answered_in_2_rings"),
    (Column("service_level", Named("服务水平", "Service level"), Type.SHARE), "service_level"),
    (Column("abandonment", Named("放弃率", "Abandonment"), Type.SHARE), "abandoned"),
    (Column("asa_s", Named("平均应答时长", "ASA"), Type.SECONDS), "answered"),
    (Column("aht_s", Named("平均处理时长", "AHT"), Type.SECONDS), "answered"),
)
_BEGINS: Final = Column("begin", Named("开始", "From"), Type.TIME, width=1.4)
_KEYS: Final = {By.QUEUE: Named("队列", "Queue"), By.AGENT: Named("座席员", "Agent"), By.TEAM: Named("班组", "Team"),
                By.ESTATE: Named("小区", "Estate")}
_NOBODYS: Final = Named("（无）", "(none)")


def narrow_of(session: Session, ask: Ask) -> Narrow:
    """What the parameters ask for, within the estates that the actor sees."""
    estates = None
    if ask.estates is not None:
        keys = estate_keys(session, ask.site)
        estates = frozenset(keys[ident] for ident in ask.estates if ident in keys)
        estates |= frozenset() if ask.estate_id is not None else {NOBODY}
    return Narrow(queue=ask.get(Name.QUEUE), agent=ask.get(Name.AGENT), team=ask.get(Name.TEAM), estates=estates,
                  team_of=teams(session))


def calls_by(session: Session, ask: Ask) -> Sequence[Sheet]:
    by, interval = By(ask.given[Name.BY]), ask.given[Name.INTERVAL]
    at = _edges(ask, interval)
    narrow, rules = narrow_of(session, ask), rules_of(ask.site)
    found = narrowed(sources(session, ask.site, at[0], at[-1], ask.now), narrow)
    whole = f.settled(found.calls)
    shares: tuple[tuple[int, float | None], ...] = (
        (0, len(whole)), (2, f.answered(whole, rules)), (6, f.answered_in_2_rings(whole, rules)),
        (7, f.service_level(whole, rules)), (8, f.abandonment(whole, rules)), (9, f.asa_s(whole)))
    headlines = tuple(Headline(_FIGURES[place][0].title, _FIGURES[place][0].type, value, behind(ask, _FIGURES[place][1]))
                      for place, value in shares)
    names = key_names(session, ask, by)
    key = Column("key", _KEYS[by], words=names, width=1.4)
    shown = rows(by, found, at, rules, narrow.team_of)
    is_whole = interval == WHOLE
    return [Sheet("figures", Named("话务与服务", "Calls and service"),
                  (key, *(() if is_whole else (_BEGINS,)), *(column for column, _ in _FIGURES)),
                  (_row(ask, by, row, is_whole=is_whole) for row in shown), headlines)]


def key_names(session: Session, ask: Ask, by: By) -> dict[str, Named]:
    site = ask.site
    match by:
        case By.QUEUE:
            found = {queue.id: Named(queue.name.zh, queue.name.en) for queue in site.queues}
        case By.AGENT:
            found = agent_names(session)
        case By.TEAM:
            found = {team.id: Named(team.name.zh, team.name.en) for team in site.teams}
        case By.ESTATE:
            found = {estate.id: Named(estate.name.zh, estate.name.en) for estate in site.estates}
    return {NOBODY: _NOBODYS, **found}


def agent_names(session: Session) -> dict[str, Named]:
    return {code: Named(f"{code} {name}", f"{code} {name}") for code, name in session.execute(select(AgentRow.code, AgentRow.name))}


def _edges(ask: Ask, interval: str) -> list[datetime]:
    if interval == WHOLE:
        return [ask.begin, ask.end]
    at = edges(ask.days.first, ask.days.last, Interval(interval), lambda day: day_bounds(day, ask.tz)[0])
    if len(at) > MOST_INTERVALS + 1:
        raise TooLong
    return at


def _row(ask: Ask, by: By, row: FigureRow, *, is_whole: bool) -> Row:
    within = () if is_whole else (row.begin, row.end)
    values: list[Cell] = []
    for column, figure in _FIGURES:
        value = getattr(row, column.id)
        people = by in (By.AGENT, By.TEAM)
        # Of people `offered` is what rang at their seats: the calls alone do not make it up.
        opens = figure if value and not (people and column.id == "offered") else None
        values.append(Cell(value, behind(ask, opens, by, row.key, *within) if opens else None))
    return [row.key, *(() if is_whole else (row.begin,)), *values]


def behind(ask: Ask, figure: str | None, by: By | None = None, key: str | None = None, begin: datetime | None = None,
            end: datetime | None = None) -> str | None:
    """The address of the calls that a figure counts."""
    if figure is None:
        return None
    said = {name.value: ask.get(name) for name in (Name.ESTATE, Name.TEAM, Name.AGENT, Name.QUEUE)}
    return api("/figures/rows", by=None if by is None else by.value, key=key, figure=figure,
               **{"from": ask.days.first.isoformat(), "to": ask.days.last.isoformat()}, **said,
               begin=None if begin is None else begin.isoformat(), end=None if end is None else end.isoformat())


# --- the calls themselves --------------------------------------------------------------------------------------------

_CALL_COLUMNS: Final = (
    Column("call_id", Named("通话", "Call"), width=1.6), Column("entered_at", Named("呼入时间", "Came in"), Type.TIME, width=1.4),
    Column("number", Named("号码", "Number"), width=1.3), Column("room", Named("房号", "Room")),
    Column("queue", Named("队列", "Queue")), Column("outcome", Named("结果", "Outcome"), words=OUTCOMES),
    Column("agent", Named("座席员", "Agent")), Column("wait_s", Named("等待", "Wait"), Type.SECONDS, width=0.7),
    Column("talk_s", Named("通话时长", "Talk"), Type.SECONDS, width=0.7),
    Column("rating", Named("评价", "Rating"), words=RATINGS, width=0.8),
    Column("callback_id", Named("回拨", "Callback"), width=1.2))


def missed_calls(session: Session, ask: Ask) -> Sequence[Sheet]:
    which = ask.given[Name.WHICH]
    outcomes = MISSED if which == "all" else (Outcome(which),)
    counted = _calls(ask).with_only_columns(CallRow.outcome, func.count()).where(
        CallRow.outcome.in_([outcome.value for outcome in MISSED])).group_by(CallRow.outcome)
    counts = {outcome or "": count for outcome, count in session.execute(counted)}
    headlines = tuple(Headline(OUTCOMES[outcome.value], Type.INTEGER, counts.get(outcome.value, 0),
                               ask.link("missed-calls", which=outcome.value)) for outcome in MISSED)
    return [_call_sheet(session, ask, [CallRow.outcome.in_([outcome.value for outcome in outcomes])], headlines)]


def call_list(session: Session, ask: Ask) -> Sequence[Sheet]:
    return [_call_sheet(session, ask, _which(ask))]


def _which(ask: Ask) -> list[ColumnElement[bool]]:
    match ask.given[Name.WHICH]:
        case "all":
            return []
        case "long":       # A4: whoever answered it
            return [CallRow.talk_s > ask.site.desk.call_minutes * 60]
        case "rated":
            return [CallRow.rating.is_not(None)]
        case "not_satisfied":
            return [CallRow.rating == 3]
        case _:
            return [false()]


def _calls(ask: Ask) -> Select[CallRow, str | None]:
    """In the days, of the estates, queue, agent and team that were asked for."""
    query = (select(CallRow, Household.label).outerjoin(Household, Household.id == CallRow.household_id)
             .where(CallRow.entered_at >= ask.begin, CallRow.entered_at < ask.end, seen_by(ask.view.actor, CallRow.household_id)))
    if ask.estate_id is not None:
        query = query.where(Household.estate_id == ask.estate_id)
    for name, column in ((Name.QUEUE, CallRow.queue), (Name.AGENT, CallRow.answered_agent)):
        if (value := ask.get(name)) is not None:
            query = query.where(column == value)
    if (team := ask.get(Name.TEAM)) is not None:
        query = query.where(CallRow.answered_agent.in_(select(AgentRow.code).where(AgentRow.team == team)))
    return query


def _call_sheet(session: Session, ask: Ask, conditions: Sequence[ColumnElement[bool]],
                headlines: tuple[Headline, ...] = ()) -> Sheet:
    query = _calls(ask).where(*conditions).order_by(CallRow.entered_at, CallRow.call_id)
    return Sheet("calls", Named("来电", "Calls"), _CALL_COLUMNS, _call_rows(session, ask, query), headlines)


def _call_rows(session: Session, ask: Ask, query: Select[CallRow, str | None]) -> Iterator[Row]:
    for call, room in streamed(session, query):
        yield [Cell(call.call_id, api(f"/calls/{call.call_id}")), call.entered_at, ask.view.show(call.number, Private.PHONE),
               ask.view.show(room, Private.ROOM), call.queue, call.outcome, call.answered_agent, call.wait_s, call.talk_s,
               None if call.rating is None else str(call.rating), call.callback_id]
        session.expunge(call)


_WHO: Final = (Parameter(Name.ESTATE), Parameter(Name.QUEUE), Parameter(Name.TEAM), Parameter(Name.AGENT))
REPORTS: Final = (
    Report("calls", Named("话务与服务水平", "Calls and service"), LEADS, calls_by,
           (Parameter(Name.BY, tuple(by.value for by in By)), Parameter(Name.INTERVAL, INTERVALS), *_WHO),
           Named("按队列统计进入次数，其余按来电统计；公式见 /figures。",
                 "By queue visits are counted, else calls; formulas as in /figures."), of_tickets=False),
    Report("missed-calls", Named("未接与中断来电", "Missed and lost calls"), LEADS, missed_calls,
           (Parameter(Name.WHICH, ("all", *(outcome.value for outcome in MISSED))), *_WHO), of_tickets=False),
    Report("call-list", Named("来电明细", "Calls, one by one"), LEADS, call_list,
           (Parameter(Name.WHICH, ("all", "long", "rated", "not_satisfied")), *_WHO), of_tickets=False),
)
