"""Agents fall out: how many callers are answered with who is left, whom to bring in, and from two on the manager knows (C6)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from callcenter.errors import Conflict, NotFound, SixringError
from callcenter.events import AgentState
from callcenter.site import Site
from crm.agentlog.models import AgentStateRow
from crm.forecast.arrivals import STEP_S
from crm.forecast.models import FallenOut, FallenOutReport
from crm.forecast.service import PRIOR_S, STEP, came_lately, intervals, paces
from crm.forecast.staffing import Candidate, Here, How, Load, Proposal, Staffed, propose, staffed
from crm.kinds.service import kind_of
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.roster.models import Leave, Shift
from crm.staff.actor import SYSTEM, Actor
from crm.staff.agents_models import AgentRow
from crm.staff.audit import record_audit
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

KIND: Final = "agents_out"
AHEAD: Final = 8                       # half hours that are looked at
BREAKS: Final = frozenset({"break", "meal"})
_GONE: Final = (AgentState.SIGNED_OUT.value, AgentState.AWAY.value, AgentState.FAULT.value)
SOONEST: Final = timedelta(hours=24)   # … that may have passed since they fell out
_ORDER: Final[Order[FallenOutReport]] = Order("fallen_out", FallenOutReport.at, FallenOutReport.id, newest_first=True)
_PROPOSAL: Final = TypeAdapter(Proposal)

log = structlog.get_logger("forecast")


class NotForecast(Conflict):
    """Nothing is forecast for the hours to come: the line has no past yet."""

    code = "not_forecast"


class NotHere(Conflict):
    """None of the agents was signed in when they are said to have fallen out, or is."""

    code = "not_here"


@dataclass(frozen=True)
class ReportShown:
    report_id: int
    at: datetime
    by: str
    since: datetime
    agents: tuple[str, ...]
    out: int
    in_time: bool
    manager_told: bool
    proposal: Proposal


def staffing(session: Session, site: Site, now: datetime, count: int = AHEAD) -> list[Staffed]:
    """The half hours to come, with who is here now. Raises NotForecast."""
    here = [one for one, working in _signed_in(session, site, now) if working]
    return [staffed(at, loads, here, site.forecasts.answered) for at, loads in sorted(_loads(session, now, count).items())]


def fallen_out(session: Session, actor: Actor, site: Site, agents: Collection[str], since: datetime | None,
               now: datetime) -> ReportShown:
    """`since`: when they fell out; now, when nobody said. Raises NotFound (an agent), NotHere."""
    since = min(since or now, now)
    if now - since > SOONEST:
        raise NotHere
    known = _agents(session, site)
    if unknown := sorted(set(agents) - set(known)):
        raise NotFound(f"agent {unknown[0]}")
    signed_in = _signed_in(session, site, now)
    there = {one.agent for one, _ in signed_in} | _were_there(session, agents, since)
    if not set(agents) & there:
        raise NotHere
    try:
        loads, is_forecast = _loads(session, now, AHEAD), True
    except NotForecast:                # a line's first day: two who are out are two who are out
        loads, is_forecast = _as_lately(session, site, now), False
    out = set(agents) | _out_now(session, site, now)
    before = [one for one, working in signed_in if working or one.agent in agents]
    before += [Here(agent, known[agent][1]) for agent in sorted(set(agents) & there - {one.agent for one in before})]
    proposal = replace(propose(loads, before, out, _bench(session, known, signed_in, out, now), site.forecasts.answered),
                       is_forecast=is_forecast)
    in_time = now - since <= timedelta(minutes=site.forecasts.proposal_minutes)
    row = FallenOutReport(at=now, by=actor.name, since=since, out=len(out), in_time=in_time,
                          manager_told=len(out) >= site.forecasts.manager_from,
                          proposal=_PROPOSAL.dump_python(proposal, mode="json"))
    session.add(row)
    session.flush()
    session.add_all(FallenOut(report_id=row.id, agent=agent, since=since) for agent in sorted(set(agents)))
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="agents.fallen_out", subject=f"fallen-out:{row.id}",
                 detail=f"{','.join(sorted(set(agents)))} out={len(out)}")
    note(session, now, "agents.fallen_out", f"fallen-out:{row.id}", out=len(out), bring=len(proposal.bring), short=proposal.short)
    if row.manager_told:
        try:
            with session.begin_nested():
                _tell_manager(session, site, row, proposal, now)
        except SixringError as error:       # the site's own kind is another by now: whoever asks needs the proposal all the same
            log.error("manager_not_told", report=row.id, code=error.code, why=str(error))
            row.manager_told = False
    session.flush()
    return _shown(row, tuple(sorted(set(agents))), proposal)


def report(session: Session, report_id: int) -> ReportShown:
    row = session.get(FallenOutReport, report_id)
    if row is None:
        raise NotFound(f"report {report_id}")
    return _read(row, _of_reports(session, [row]))


def reports(session: Session, cursor: str | None = None, limit: int = 50) -> Page[ReportShown]:
    rows = session.scalars(_ORDER.after(select(FallenOutReport), cursor).limit(limit + 1)).all()
    agents = _of_reports(session, rows)
    return _ORDER.page(rows, limit, lambda row: _read(row, agents))


# --- inside ------------------------------------------------------------------------------------------------------------------

def _loads(session: Session, now: datetime, count: int) -> dict[datetime, list[Load]]:
    """From the half hour that goes on."""
    begin = now - timedelta(seconds=now.timestamp() % STEP_S)
    known = paces(session)
    found: dict[datetime, list[Load]] = {}
    for one in intervals(session, begin, begin + count * STEP):
        if one.expected is not None and one.queue in known:
            pace = known[one.queue]
            found.setdefault(one.begins_at, []).append(
                Load(one.queue, one.expected, STEP_S, pace.handling_s, pace.patience_s))
    if not found:
        raise NotForecast
    return found


def _as_lately(session: Session, site: Site, now: datetime) -> dict[datetime, list[Load]]:
    begin, calls, known = now - timedelta(seconds=now.timestamp() % STEP_S), came_lately(session, now), paces(session)
    loads = [Load(queue.id, calls.get(queue.id, 0.0), STEP_S, *((pace.handling_s, pace.patience_s) if pace else (PRIOR_S, PRIOR_S)))
             for queue in site.queues for pace in [known.get(queue.id)]]
    return {begin + place * STEP: loads for place in range(AHEAD)}


def _agents(session: Session, site: Site) -> dict[str, tuple[str, tuple[str, ...], int | None]]:
    """Name, queues and user by code; in fixed seating a seat is its own agent."""
    if not site.free_seating:
        names = {seat.seat: seat.name for seat in site.seats}
        return {seat: (name, tuple(sorted(queue.id for queue in site.queues if seat in (*queue.seats, *queue.backup))), None)
                for seat, name in names.items()}
    rows = session.scalars(select(AgentRow).where(AgentRow.active).options(selectinload(AgentRow.skills)))
    return {row.code: (row.name, tuple(sorted(skill.queue for skill in row.skills)), row.user_id) for row in rows}


def _signed_in(session: Session, site: Site, now: datetime) -> list[tuple[Here, bool]]:
    """Who is signed in, without who has fallen out, and whether they take calls now or after their break."""
    known, out = _agents(session, site), _out_now(session, site, now)
    found = []
    for row in session.scalars(select(AgentStateRow).where(AgentStateRow.ended_at.is_(None)).order_by(AgentStateRow.agent)):
        if row.agent in known and row.agent not in out and row.state != AgentState.SIGNED_OUT:
            works = row.state not in (AgentState.PAUSED, AgentState.AWAY, AgentState.FAULT) or row.reason in BREAKS
            found.append((Here(row.agent, known[row.agent][1]), works))
    return found


def _were_there(session: Session, agents: Collection[str], since: datetime) -> set[str]:
    """Signed in shortly before they fell out: whoever tells of it may have signed them out first."""
    rows = session.execute(select(AgentStateRow.agent).where(
        AgentStateRow.agent.in_(agents), AgentStateRow.state != AgentState.SIGNED_OUT,
        AgentStateRow.ended_at >= since - timedelta(minutes=30)))
    return {agent for agent, in rows}


def _out_now(session: Session, site: Site, now: datetime) -> set[str]:
    """Of reports before: until they are back, or a shift's time has passed. Back is who takes calls after having been signed out,
    away, or at a dead phone: who was told of while still signed in becomes ready by the end of a call, or a ring missed."""
    rows = session.execute(select(FallenOut.agent, FallenOutReport.at).join(FallenOutReport).where(
        FallenOut.since > now - timedelta(hours=site.forecasts.out_hours))).all()
    back = {agent for agent, at in rows if (since := session.scalar(
        select(func.min(AgentStateRow.ended_at)).where(AgentStateRow.agent == agent, AgentStateRow.ended_at > at,
                                                       AgentStateRow.state.in_(_GONE)))) is not None
            and session.scalar(select(AgentStateRow.id).where(
                AgentStateRow.agent == agent, AgentStateRow.began_at >= since, AgentStateRow.state == AgentState.READY).limit(1))}
    return {agent for agent, _ in rows} - back


def _bench(session: Session, known: Mapping[str, tuple[str, tuple[str, ...], int | None]], signed_in: Sequence[tuple[Here, bool]],
           out: Collection[str], now: datetime) -> list[Candidate]:
    """Who could come: in a pause that is no break, on the roster now, off duty; not who has leave."""
    away = set(session.scalars(select(Leave.user_id).where(Leave.begins_at <= now, Leave.ends_at > now)))
    on_duty = set(session.scalars(select(Shift.user_id).where(Shift.begins_at <= now, Shift.ends_at > now)))
    working = {one.agent for one, works in signed_in if works}
    paused = {one.agent for one, works in signed_in if not works}
    found = []
    for code, (name, queues, user_id) in sorted(known.items()):
        if code in working or code in out or not queues:
            continue
        if code in paused:
            found.append(Candidate(code, name, queues, How.PAUSED))
        elif user_id is None or user_id not in away:
            found.append(Candidate(code, name, queues, How.ON_DUTY if user_id in on_duty else How.OFF_DUTY))
    return found


def _tell_manager(session: Session, site: Site, row: FallenOutReport, proposal: Proposal, now: datetime) -> None:
    """A ticket, with what the site's kind has fields for, whose clock tells the manager when it starts, and again when nothing was
    decided. Raises FieldsUnfit."""
    worst = min(proposal.intervals, key=lambda one: one.left.answered)
    fields: dict[str, Any] = {
        "out": row.out, "before": _percent(worst.before.answered), "left": _percent(worst.left.answered),
        "proposed": _percent(worst.proposed.answered), "short": proposal.short,
        "bring": "、".join(f"{one.name} {one.agent}" for one in proposal.bring)[:2000]}
    known = kind_of(session, KIND).kind.fields
    open_ticket(session, SYSTEM, NewTicket(KIND, {name: said for name, said in fields.items() if name in known},
                                           cause=f"fallen-out:{row.id}"), now, ZoneInfo(site.timezone))


def _percent(share: float) -> str:
    return f"{math.floor(1000 * share) / 10:g}%"


def _of_reports(session: Session, rows: Sequence[FallenOutReport]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for report_id, agent in session.execute(select(FallenOut.report_id, FallenOut.agent).where(
            FallenOut.report_id.in_([row.id for row in rows])).order_by(FallenOut.agent)):
        found.setdefault(report_id, []).append(agent)
    return found


def _read(row: FallenOutReport, agents: Mapping[int, Sequence[str]]) -> ReportShown:
    return _shown(row, tuple(agents.get(row.id, ())), _PROPOSAL.validate_python(row.proposal))


def _shown(row: FallenOutReport, agents: tuple[str, ...], proposal: Proposal) -> ReportShown:
    return ReportShown(row.id, row.at, row.by, row.since, agents, row.out, row.in_time, row.manager_told, proposal)
