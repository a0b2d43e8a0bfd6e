"""Some days of a desk's life in the database, told so that every figure of a report is known beforehand."""

from __future__ import annotations

from datetime import datetime, timedelta

from callcenter.commands import PauseReason
from callcenter.events import AgentState
from crm.agentlog.models import AgentStateRow, MissedRing
from crm.callbacks.models import CallbackRow
from crm.calls.models import CallRow, ContactEntry
from crm.staff.agents_models import AgentRow
from desk.counter import NOON, Counter

HOSTILE = '=HYPERLINK("http://evil.example","\u202e点我")\x1b'


def tell(counter: Counter) -> None:
    """On the local day of NOON, 2026-11-22, and one call the day before. Calls: four answered (one of them for eleven minutes, one
    at the other estate), one given up, one given up at once, one lost."""
    own, other = counter.households
    with counter.database.writing.begin() as session:
        for code, name in (("801", "李梅"), ("802", "Wang Fang")):
            session.add(AgentRow(code=code, name=name, team="day", languages=["zh"], estates=[], created_at=NOON))
        told = (("answered", "801", 60.0, 1, own), ("answered", "801", 660.0, 3, own), ("answered", "802", 30.0, None, None),
                ("answered", "802", 30.0, 1, other), ("abandoned", None, None, None, own),
                ("short_abandon", None, None, None, None), ("lost", None, None, None, own))
        for number, (outcome, agent, talk_s, rating, home) in enumerate(told):
            _call(session, f"node1-{number}.{number}", NOON + timedelta(minutes=20 * number), outcome, agent, talk_s, rating, home)
        _call(session, "node1-9.9", NOON - timedelta(days=1), "answered", "801", 60.0, None, own)
        session.add(MissedRing(node="node1", at=NOON, agent="801", seat="1001", queue="repair", call_id="node1-2.2", ring_s=10.0))
        for state, reason, hours in ((AgentState.READY, "", 2), (AgentState.PAUSED, PauseReason.BREAK.value, 1)):
            began = NOON if not reason else NOON + timedelta(hours=2)
            session.add(AgentStateRow(node="node1", agent="801", seat="1001", state=state.value, reason=reason, by="801",
                                      began_at=began, ended_at=began + timedelta(hours=hours)))
        for number, state in enumerate(("done", "failed", "cancelled", "done")):
            session.add(CallbackRow(callback_id=f"node1-{number}.{number}", queue="repair", number="13900001234", household_id=own,
                                    state=state, attempts=1, asked_at=NOON, since=NOON + timedelta(minutes=10)))
        session.flush()
        for number, source in enumerate(("call", "call", "visit")):
            session.add(ContactEntry(source=source, call_id=f"node1-{number}.{number}" if source == "call" else None, seat="1001",
                                     at=NOON + timedelta(minutes=number), household_id=own, name="王小明", contact="13900001234",
                                     room="3-1-502", matter=HOSTILE, kind="repair", result="请拨 13900001234",
                                     completed_at=NOON if number else None))


def _call(session: object, call_id: str, at: datetime, outcome: str, agent: str | None, talk_s: float | None, rating: int | None,
          home: int | None) -> None:
    session.add(CallRow(  # type: ignore[attr-defined]
        call_id=call_id, node="node1", number="13900001234", household_id=home, menu_keys=[], queue="repair", stage=0,
        entered_at=at, queued_at=at, rang_at=at, answered_at=at + timedelta(seconds=5) if agent else None,
        ended_at=at + timedelta(seconds=5 + (talk_s or 0)), answered_agent=agent, answered_by="1001" if agent else None,
        seats_rung=[], outcome=outcome,
        wait_s=5.0 if agent else 30.0, ring_s=5.0 if agent else None, talk_s=talk_s, rating=rating, fold={}))
