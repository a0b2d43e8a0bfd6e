"""Writes the floor's entries of one batch of the journal, in the recorder's transaction: each exactly once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.events import AgentState
from crm.agentlog.entries import Act, Acted, AgentStated, FloorEntry, SeatFaulted
from crm.agentlog.fold import Interval, Step, follow, in_drill, out_of_call
from crm.agentlog.models import AgentEvent, AgentStateRow, MissedRing, SeatFault
from crm.calls.entries import RingMissed
from crm.staff.audit import record_audit

# What nobody ordered: it came by itself, or by a rule of acd's.
NOBODYS: Final = frozenset({"", "acd", "asterisk", "site", "journal"})
# What an agent only asks for is in the log; what is done to calls and with others' calls is audited as well.
AUDITED: Final = {
    Act.TRANSFERRED: "call.transferred", Act.RECORDING_PAUSED: "recording.paused",
    Act.RECORDING_RESUMED: "recording.resumed", Act.MONITORED: "call.monitored", Act.TAKEN_OVER: "call.taken_over",
    Act.MOVED: "call.moved",
}
ORDERED: Final = frozenset({AgentState.SIGNED_OUT, AgentState.READY, AgentState.PAUSED, AgentState.WRAPUP, AgentState.AWAY})


class FloorLog:
    """Of one transaction. Open intervals are read at the first need: one for each agent that was ever heard of."""

    def __init__(self, session: Session, node: str) -> None:
        self._session = session
        self._node = node
        self._rows: dict[str, AgentStateRow] | None = None

    def take(self, entry: FloorEntry) -> None:
        match entry:
            case AgentStated():
                self._state(entry)
            case SeatFaulted():
                self._fault(entry)
            case Acted():
                self._act(entry)

    def agent_at(self, seat: str) -> str | None:
        """Who is signed in at a seat now, that is, at this place of the journal."""
        sitting = [row for row in self._open().values() if row.seat == seat and row.state != AgentState.SIGNED_OUT]
        return max(sitting, key=lambda row: row.began_at).agent if sitting else None

    def missed(self, entry: RingMissed, agent: str | None) -> None:
        self._session.add(MissedRing(node=self._node, at=entry.at, agent=agent, seat=entry.seat, queue=entry.queue,
                                     call_id=entry.call_id, ring_s=entry.ring_s))

    def call_ended(self, call_id: str, at: datetime) -> None:
        for row in list(self._open().values()):
            if row.call_id == call_id:
                self._keep(row, out_of_call(_interval(row), at))

    def asterisk_started(self, at: datetime) -> None:
        for row in list(self._open().values()):
            if row.node == self._node:
                self._keep(row, out_of_call(_interval(row), at))

    def _open(self) -> dict[str, AgentStateRow]:
        if self._rows is None:
            found = self._session.scalars(select(AgentStateRow).where(AgentStateRow.ended_at.is_(None)))
            self._rows = {row.agent: row for row in found}
        return self._rows

    def _state(self, said: AgentStated) -> None:
        said = in_drill(said)
        row = self._open().get(said.agent)
        current = _interval(row) if row else None
        self._keep(row, follow(current, said))
        if said.by not in NOBODYS and said.state in ORDERED and (current is None or not current.same_as(said)):
            detail = " ".join(word for word in (said.reason, f"seat={said.seat}" if said.seat else "") if word)
            record_audit(self._session, at=said.at, who=said.by, action=f"agent.{said.state}",
                         subject=f"agent:{said.agent}", detail=detail or None)

    def _keep(self, row: AgentStateRow | None, step: Step) -> None:
        if row is None or step.closed:
            if row and step.closed:
                row.ended_at = step.closed.ended_at
            row = AgentStateRow(agent=step.open.agent)
            self._session.add(row)
            self._open()[step.open.agent] = row
        row.node, row.state, row.seat, row.call_id = self._node, step.open.state, step.open.seat, step.open.call_id
        row.reason, row.by, row.began_at = step.open.reason, step.open.by, step.open.began_at

    def _fault(self, entry: SeatFaulted) -> None:
        self._session.flush()
        row = self._session.scalar(select(SeatFault).where(SeatFault.seat == entry.seat, SeatFault.ended_at.is_(None)))
        if entry.over and row:
            row.ended_at = max(entry.at, row.began_at)
        elif not entry.over and not row:    # told again after acd's restart: it is the same fault
            self._session.add(SeatFault(node=self._node, seat=entry.seat, agent=entry.agent, began_at=entry.at))

    def _act(self, entry: Acted) -> None:
        self._session.add(AgentEvent(node=self._node, at=entry.at, act=entry.act, agent=entry.agent, seat=entry.seat,
                                     call_id=entry.call_id, by=entry.by, detail=entry.detail))
        if entry.act in AUDITED:
            subject = f"call:{entry.call_id}" if entry.call_id else f"agent:{entry.agent}"
            record_audit(self._session, at=entry.at, who=entry.by, action=AUDITED[entry.act], subject=subject[:80],
                         detail=" ".join(word for word in (entry.detail, f"agent={entry.agent}" if entry.agent else "",
                                                           f"seat={entry.seat}" if entry.seat else "") if word))


def _interval(row: AgentStateRow) -> Interval:
    return Interval(row.agent, AgentState(row.state), row.seat, row.call_id, row.reason, row.by, row.began_at, row.ended_at)
