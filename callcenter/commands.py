"""Everything that can be asked of acd, imperative. An order is a command with who asks, and until when it is wanted.

Orders travel over the bus (callcenter/orders.py) or, from a phone's keypad, over the dialplan. acd carries an order out at
most once: one that it has seen, or whose deadline is over, is not acted on. Every order is answered and audited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, get_args

from pydantic import TypeAdapter


class PauseReason(StrEnum):
    BREAK = "break"
    MEAL = "meal"
    TRAINING = "training"
    OUTBOUND = "outbound"
    BACK_OFFICE = "back_office"
    HELP = "help"


class Monitoring(StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"      # only the agent hears the leader
    JOIN = "join"            # everybody hears everybody


TargetKind = Literal["seat", "agent", "queue", "department", "outside"]


@dataclass(frozen=True)
class Target:
    """Where a call goes: a seat, an agent's code, a queue id, a department id of the site file, an outside number."""

    kind: TargetKind
    value: str


# --- agents

@dataclass(frozen=True)
class SignIn:
    """`number`: of a seat whose phone is a mobile (B3), as it is dialled; the site file says which may be."""

    agent: str
    seat: str
    number: str = ""


@dataclass(frozen=True)
class SignOut:
    agent: str


@dataclass(frozen=True)
class MoveSeat:
    """To a spare seat in one act, state and all (C1)."""

    agent: str
    seat: str


@dataclass(frozen=True)
class Pause:
    agent: str
    reason: PauseReason


@dataclass(frozen=True)
class Resume:
    """Ready again: ends a pause, an absence and a wrap-up."""

    agent: str


@dataclass(frozen=True)
class ExtendWrapUp:
    agent: str
    seconds: int


@dataclass(frozen=True)
class AskHelp:
    """D2: one button."""

    agent: str
    reason: str = ""


@dataclass(frozen=True)
class EndHelp:
    agent: str


# --- calls; `agent` is whoever talks

@dataclass(frozen=True)
class Transfer:
    agent: str
    to: Target
    attended: bool = False


@dataclass(frozen=True)
class CompleteTransfer:
    agent: str


@dataclass(frozen=True)
class CancelTransfer:
    agent: str


@dataclass(frozen=True)
class Conference:
    """Caller, agent and target talk together; after an attended transfer has begun, `to` may be left out."""

    agent: str
    to: Target | None = None


@dataclass(frozen=True)
class JoinOffice:
    """The management office that is in charge where the caller lives joins the talk (F5): rung at once, in no queue."""

    agent: str


@dataclass(frozen=True)
class Park:
    agent: str


@dataclass(frozen=True)
class Retrieve:
    agent: str
    slot: str


@dataclass(frozen=True)
class PauseRecording:
    agent: str
    reason: str = ""         # "private_field": a field marked private is open


@dataclass(frozen=True)
class ResumeRecording:
    agent: str


# --- leaders

@dataclass(frozen=True)
class Monitor:
    """The leader's own phone rings; then as `mode` says. Again with another mode: changes it."""

    leader: str              # the seat where the leader sits
    agent: str
    mode: Monitoring


@dataclass(frozen=True)
class TakeOver:
    leader: str
    agent: str


@dataclass(frozen=True)
class MoveCall:
    """A waiting call to another queue."""

    call_id: str
    queue: str


@dataclass(frozen=True)
class CloseQueue:
    """No new caller enters it until it is opened again; who waits goes on waiting."""

    queue: str
    closed: bool


# --- callbacks

@dataclass(frozen=True)
class RingBack:
    """A caller's place in the queue, kept: rung when an agent has taken it. Once per callback and attempt."""

    callback_id: str
    attempt: int
    number: str
    queue: str
    priority: int = 0
    household_id: int | None = None
    language: str = "zh"
    display: str = ""


@dataclass(frozen=True)
class CancelRingBack:
    callback_id: str


# --- the storm

@dataclass(frozen=True)
class SetSurge:
    """The tier that holds from now on, 0 for none: who rings where, which pauses are lifted, what callers hear follow from it.
    Said again whenever crm looks; what holds already is done at once."""

    tier: int
    surge_id: int | None = None


@dataclass(frozen=True)
class SetNotice:
    """What callers hear first: those known to be of `estate` (a site file's id), or all with "". No prompt: nothing."""

    estate: str
    prompt: str


@dataclass(frozen=True)
class SwitchLine:
    """C7: every new call goes to `to` (`announcement`, an outside number that the site file names, `""`: as always)."""

    to: str


LATE: Final = "late"


@dataclass(frozen=True)
class Dial:
    """Ring somebody of our own accord, once per task and attempt: say `prompts` one after the other, hear one of `keys`, thank
    with `thanks[key]`, or with `thanks[LATE]` whoever presses one after it was called off. What came of it is in the journal
    (`DIALLED`), once. Nobody is rung after `until`."""

    task_id: str
    attempt: int
    number: str
    prompts: tuple[str, ...]
    keys: str = ""
    thanks: dict[str, str] | None = None
    language: str = "zh"
    until: datetime | None = None
    urgent: bool = False                 # quiet hours do not hold it back


@dataclass(frozen=True)
class StopDialling:
    """Nobody is rung for it any more; who hears it, hears it to the end, and then that it is called off (`LATE`)."""

    task_id: str


@dataclass(frozen=True)
class BeginDrill:
    """H12: so many simulated seats are in the drill's own queues from now on; with none, real seats take part. Safe to repeat."""

    drill_id: int
    seats: int


@dataclass(frozen=True)
class DrillCall:
    """One simulated caller through the hotline, at most once: dials `did`, presses a key of `keys` in each menu after `thinks_s`,
    waits for `patience_s`, talks for `talks_s` and hangs up. `simulated`: in the drill's own queues, whose seats pick up after
    `rings_s`."""

    drill_id: int
    number: int                          # 1, 2, …: each is begun after the one before it, or never
    did: str
    keys: str
    thinks_s: int
    patience_s: int
    talks_s: int
    rings_s: int
    simulated: bool


@dataclass(frozen=True)
class StopDrill:
    """None of its calls is on the line any more, and none is begun again, however late its order comes."""

    drill_id: int


Command = (SignIn | SignOut | MoveSeat | Pause | Resume | ExtendWrapUp | AskHelp | EndHelp | Transfer | CompleteTransfer
           | CancelTransfer | Conference | JoinOffice | Park | Retrieve | PauseRecording | ResumeRecording | Monitor | TakeOver
           | MoveCall | CloseQueue | RingBack | CancelRingBack | SetSurge | SetNotice | SwitchLine | Dial | StopDialling
           | BeginDrill | DrillCall | StopDrill)

_COMMANDS: Final[dict[str, TypeAdapter[Any]]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Command)}


@dataclass(frozen=True)
class Order:
    """`by` is the user's name, "phone" for a keypad, or the name of the process that asks."""

    order_id: str
    by: str
    at: datetime
    deadline: datetime
    command: Command


@dataclass(frozen=True)
class Answer:
    """`code` is "done", or the stable code of why not; `detail` is a value (a slot, a seat), never a sentence."""

    order_id: str
    code: str
    detail: str = ""

    @property
    def is_done(self) -> bool:
        return self.code == DONE


DONE: Final = "done"
ANSWER: Final[TypeAdapter[Answer]] = TypeAdapter(Answer)
_AWARE: Final = TypeAdapter(datetime)


def order_to_fields(order: Order) -> dict[str, str]:
    """The fields of an entry on the bus."""
    kind = type(order.command).__name__
    return {"id": order.order_id, "by": order.by, "at": order.at.isoformat(), "deadline": order.deadline.isoformat(),
            "type": kind, "body": _COMMANDS[kind].dump_json(order.command).decode()}


def order_from_fields(fields: dict[str, str]) -> Order:
    """Raises KeyError for a command or field that is not known, pydantic.ValidationError for one that does not fit."""
    return Order(fields["id"], fields["by"], _AWARE.validate_python(fields["at"]), _AWARE.validate_python(fields["deadline"]),
                 _COMMANDS[fields["type"]].validate_json(fields["body"]))
