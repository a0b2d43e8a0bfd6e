"""The call list and the plan as the other parts get to see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from callcenter.errors import Conflict
from crm.followups.rules import Outcome
from crm.tickets.schemas import TicketShown


class QuietHours(Conflict):
    """Nobody is called of our own accord at this time, but for times that a household has named."""

    code = "quiet_hours"


class NotCallable(Conflict):
    """Everybody there said "do not call", or has no number."""

    code = "not_callable"


class TaskHeld(Conflict):
    """Another agent has it."""

    code = "task_held"


class ClaimLost(Conflict):
    """The claim has run out and somebody else has the task since, or it is done."""

    code = "claim_lost"


class ResultUnfit(Conflict):
    """`reached` needs a score, `later` a time that is to come, `wrong_number` and `do_not_call` the number that was dialled."""

    code = "result_unfit"
    status = 422


@dataclass(frozen=True)
class TaskShown:
    """`rank` as in `rules.Rank`; `late`: past its time."""

    task_id: int
    ticket_id: int
    number: str
    kind: str
    why: str
    dissatisfied: bool
    rank: int
    household_id: int | None
    room: str | None
    estate_id: int | None
    owner: str | None
    due_at: datetime
    late: bool
    next_at: datetime
    promised_at: datetime | None
    state: str
    blocked: str | None
    outcome: str | None
    tries: int
    claimed_by: str | None
    claimed_until: datetime | None


@dataclass(frozen=True)
class TryShown:
    claim_id: int
    by: str | None
    claimed_at: datetime
    ended_at: datetime | None
    outcome: str | None
    score: int | None
    next_at: datetime | None
    call_id: str | None


@dataclass(frozen=True)
class NumberToDial:
    """`number` is a mask and `dial` null for who may not see numbers. `dial`: what a phone is given, as in `tel:`."""

    number_id: int | None
    number: str
    dial: str | None
    name: str | None
    label: str | None


@dataclass(frozen=True)
class PersonBrief:
    person_id: int
    name: str
    role: str


@dataclass(frozen=True)
class Context:
    """What the agent knows before ringing."""

    estate: str | None
    language: str | None
    tags: tuple[str, ...]
    people: tuple[PersonBrief, ...]
    about: TicketShown | None            # what is followed up
    open_tickets: tuple[TicketShown, ...]
    last_call_at: datetime | None


@dataclass(frozen=True)
class TaskRead:
    task: TaskShown
    context: Context
    tries: tuple[TryShown, ...]


@dataclass(frozen=True)
class Claimed:
    """Yours until then; the same one again while it is yours."""

    claim_id: int
    until: datetime
    task: TaskShown
    context: Context
    tries: tuple[TryShown, ...]
    numbers: tuple[NumberToDial, ...]


@dataclass(frozen=True)
class Result:
    """What came of a claim. `said` are the household's words; `number_id` is what was dialled."""

    outcome: Outcome
    score: int | None = None
    said: str | None = None
    how: str = "phone"
    number_id: int | None = None
    later_at: datetime | None = None
    do_not_call: bool = False
    call_id: str | None = None


@dataclass(frozen=True)
class Finished:
    """`followed_by` is the ticket that goes on with a "not satisfied"."""

    task: TaskShown
    followed_by: int | None


@dataclass(frozen=True)
class PlanTerms:
    share: float
    weights: dict[str, float]
    again: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class PlanShown:
    plan_id: int
    estate_id: int
    year: int
    share: float
    weights: dict[str, float]
    again: tuple[str, ...]
    seed: int
    version: int
    made_at: datetime
    made_by: str


@dataclass(frozen=True)
class MonthShown:
    """`due`: were to be called by today. `excluded` and the three before it are of the draw; null: not drawn."""

    month: int
    wanted: int | None
    drawn: int
    eligible: int | None
    already: int | None
    excluded: dict[str, int]
    due: int
    reached: int
    not_reached: int
    waiting: int


@dataclass(frozen=True)
class Progress:
    """`share_so_far` = households reached ÷ households; `forecast` the same by the end of the year, if it goes on like this."""

    plan: PlanShown
    households: int
    target: int
    drawn: int
    due: int
    reached: int
    not_reached: int
    waiting: int
    share_so_far: float
    forecast: float
    months: tuple[MonthShown, ...]


@dataclass(frozen=True)
class PickShown:
    """Why this household: `weight` times as likely as one without `traits`."""

    pick_id: int
    month: int
    household_id: int
    room: str
    weight: float
    traits: tuple[str, ...]
    opens_on: date
    ticket_id: int | None
    outcome: str | None
