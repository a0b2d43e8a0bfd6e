"""What the journal can say, one dataclass an entry. `at` is UTC; `call_id` is the caller channel's unique id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.calls.talk import Move


@dataclass(frozen=True)
class Entry:
    at: datetime


@dataclass(frozen=True)
class AsteriskStarted(Entry):
    """QUEUESTART: whatever call was open before it on this node is gone."""


@dataclass(frozen=True)
class Dialled(Entry):
    """How a call of our own accord ended. No call of the hotline's: nobody called, and no figure counts it."""

    task_id: str
    attempt: int
    result: str              # answered, busy, noanswer or failed
    key: str                 # that was pressed; "" for none


@dataclass(frozen=True)
class CallEntry(Entry):
    call_id: str


# --- queue_log: whole seconds ---------------------------------------------------------------------------------------

@dataclass(frozen=True)
class LineEntry(CallEntry):
    """From queue_log; `queue` is the site file's queue id, None where the call is in none."""

    queue: str | None


@dataclass(frozen=True)
class Entered(LineEntry):
    dialled: str
    number: str | None       # normalised; None when withheld
    node: str


@dataclass(frozen=True)
class LookedUp(LineEntry):
    household_id: int | None
    language: str | None


@dataclass(frozen=True)
class LookupLate(LineEntry):
    pass


@dataclass(frozen=True)
class KeyPressed(LineEntry):
    menu: str
    key: str


@dataclass(frozen=True)
class LanguageChosen(LineEntry):
    language: str


@dataclass(frozen=True)
class Queued(LineEntry):
    stage: int


@dataclass(frozen=True)
class Routed(LineEntry):
    """Somebody in particular is tried before the primary agents."""

    pool: str                # at (estate's team), in (language), seat (last agent)
    of: str


@dataclass(frozen=True)
class Overflowed(LineEntry):
    stage: int               # 1 backup, 2 other teams, 3 outside numbers


@dataclass(frozen=True)
class Prioritised(LineEntry):
    points: int
    why: str


@dataclass(frozen=True)
class Nuisance(LineEntry):
    """D1: how this caller was treated."""

    treatment: str           # warn, queue or block


@dataclass(frozen=True)
class OutsideAnswered(LineEntry):
    """Somebody at an outside number has pressed 1 and talks."""

    number: str | None


@dataclass(frozen=True)
class Connected(LineEntry):
    seat: str
    channel: str | None      # the seat's
    ring_s: int | None


@dataclass(frozen=True)
class RingMissed(LineEntry):
    seat: str
    ring_s: float | None


@dataclass(frozen=True)
class Released(LineEntry):
    """The seat is done with the call: either side hung up, or it was transferred."""


@dataclass(frozen=True)
class GaveUp(LineEntry):
    pass


@dataclass(frozen=True)
class Rated(LineEntry):
    rating: int              # 1 satisfied, 2 fair, 3 not satisfied


@dataclass(frozen=True)
class VoicemailLeft(LineEntry):
    file: str
    seconds: int


@dataclass(frozen=True)
class CallbackAsked(LineEntry):
    number: str
    kept: str = ""           # "kept": its place waits in the queue; "already": there is one, this asks for nothing new


@dataclass(frozen=True)
class WaitTold(LineEntry):
    seconds: int


@dataclass(frozen=True)
class Placed(LineEntry):
    """This call is no caller's: it keeps the place of a callback."""

    callback_id: str         # the call that asked for it
    attempt: int
    number: str | None
    household_id: int | None


@dataclass(frozen=True)
class RangBack(LineEntry):
    callback_id: str
    attempt: int
    result: str              # answered, busy, noanswer or failed
    seat: str | None


@dataclass(frozen=True)
class RecordingBegun(LineEntry):
    file: str


@dataclass(frozen=True)
class DrillOver(LineEntry):
    """acd ends a drill's call now (H12); no entry of a real one."""

    why: str                 # gave_way or stopped


@dataclass(frozen=True)
class Ended(LineEntry):
    cause: int | None


@dataclass(frozen=True)
class Seated(CallEntry):
    """Which agent sat at a seat that has to do with the call: acd's word, and no proof that the call has entered."""

    seat: str
    agent: str


# --- CEL: microseconds ----------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class CallStarted(CallEntry):
    """The caller's own channel."""


@dataclass(frozen=True)
class SeatRang(CallEntry):
    seat: str
    channel: str


@dataclass(frozen=True)
class SeatAnswered(CallEntry):
    channel: str


@dataclass(frozen=True)
class SeatLeft(CallEntry):
    channel: str


@dataclass(frozen=True)
class CallerLeft(CallEntry):
    """The caller's own channel is gone."""


@dataclass(frozen=True)
class Bridged(CallEntry):
    """A channel of the call entered or left a bridge."""

    move: Move


@dataclass(frozen=True)
class Rejected:
    """A line that could not be read, and why, as a code."""

    reason: str


Parsed = Entry | Rejected | None   # None: a line that is right and says nothing to us
