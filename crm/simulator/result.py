"""What came of a run: every call, every agent's work; and the figures of both, by the same functions as the hotline's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.events import Figures
from crm.calls.record import Outcome
from crm.reports.figures import Counted, Limits, figures_of
from crm.simulator.scenario import Caller

OUTCOMES = {"answered": Outcome.ANSWERED, "message": Outcome.MESSAGE, "callback": Outcome.MESSAGE}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the surge's machine is shown, at seconds since the beginning. `arrived`: calls in the scenario's window."""

    at: float
    waiting: int
    longest_wait_s: float
    arrived: int
    service_level: float | None
    agents: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A call as it went. `outcome` "": it waits still. A place is kept for a callback: in no figure of a queue."""

    caller: Caller
    queued_at: float
    rang_at: float | None
    answered_at: float | None
    left_at: float | None
    stage: int
    outcome: str
    agent: str | None
    is_place: bool = False
    wrapup_s: float | None = None     # None: it was not answered, or the talk is not over

    @property
    def wait_s(self) -> float | None:
        until = self.answered_at if self.answered_at is not None else self.left_at
        return None if until is None else until - self.queued_at


@dataclass(frozen=True)
class Work:
    agent: str
    here_s: float
    busy_s: float                 # talk and wrap-up


@dataclass(frozen=True)
class Result:
    calls: tuple[Passed, ...]
    work: tuple[Work, ...]
    tiers: tuple[tuple[float, int], ...]      # each change of tier, and when
    events: int

    @property
    def offered(self) -> tuple[Passed, ...]:
        return tuple(call for call in self.calls if not call.is_place)

    @property
    def occupancy(self) -> float | None:
        """Talk and wrap-up ÷ time at work."""
        here = sum(one.here_s for one in self.work)
        return sum(one.busy_s for one in self.work) / here if here else None


def counted(calls: Iterable[Passed], begins_at: datetime, short_abandon_s: float) -> list[Counted]:
    """As the figures want them."""
    return [Counted(call.caller.queue, _moment(begins_at, call.queued_at), _outcome(call, short_abandon_s),
                    None if call.rang_at is None else _moment(begins_at, call.rang_at),
                    None if call.answered_at is None else _moment(begins_at, call.answered_at), call.wait_s,
                    call.caller.talk_s if call.answered_at is not None else None, call.stage, wrapup_s=call.wrapup_s)
            for call in calls if not call.is_place]


def queue_figures(result: Result, queue: str, limits: Limits, short_abandon_s: float, begins_at: datetime) -> Figures:
    """Of the calls whose fate is known."""
    return figures_of(queue, counted(result.calls, begins_at, short_abandon_s), limits)


def _outcome(call: Passed, short_abandon_s: float) -> Outcome | None:
    if call.outcome == "abandoned":
        return Outcome.SHORT_ABANDON if (call.wait_s or 0.0) <= short_abandon_s else Outcome.ABANDONED
    return OUTCOMES.get(call.outcome)


def _moment(begins_at: datetime, seconds: float) -> datetime:
    return begins_at + timedelta(seconds=seconds)
