"""What Asterisk told us: channels, calls, seats. All that is shown follows from these (acd/floor/shown.py)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from acd.ami.members import Member
from acd.floor.channels import Channels
from acd.plan import FloorPlan, QueuePlan
from callcenter.events import Call, Seat


@dataclass(slots=True)
class CallFacts:
    call_id: str
    entered_at: datetime
    number: str = ""
    did: str = ""
    name: str = ""
    room: str = ""
    household_id: int | None = None
    language: str = "zh"
    queue: str | None = None
    stage: int = 0
    emergency: bool = False          # F5
    rank: int = 0                    # points, as the caller came; waiting adds to them (acd/waiting/ageing.py)
    waiting: bool = False            # is in one of Asterisk's queues now, or rings outside
    between: bool = False            # … has left one and is on the way to the next: still waits, for whoever looks
    queued_at: datetime | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    in_queue: str = ""               # Asterisk's name of the queue, stage and pool included
    parked: str = ""                 # the slot
    recording_paused: bool = False   # A8
    epilogue: str | None = None      # survey, voicemail or callback, as the dialplan said
    left_message: bool = False       # a voicemail is being recorded, or a callback was noted
    expected_wait_s: float | None = None   # as it was told to the caller
    callback_id: str | None = None   # this is no caller: a place that is kept for one
    unshown: bool = field(default=True, compare=False)     # something here may have changed since the call was shown

    def change(self, **changes: object) -> None:
        """Of what is shown; the other fields may just be set."""
        for name, value in changes.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
                self.unshown = True


@dataclass(frozen=True)
class WrapUp:
    until: datetime
    call_id: str | None


@dataclass
class Floor:
    """One node's floor. Only acd/floor/fold.py changes it, in place, between two looks of anybody else: whoever keeps something of
    it over an `await` keeps what is true afterwards, not what was. `calls_shown` and `seats_shown` are what the bus was last told.
    """

    plan: FloorPlan
    channels: Channels = field(default_factory=Channels)
    calls: dict[str, CallFacts] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)                      # seats with a registered phone
    paused: dict[str, dict[str, bool]] = field(default_factory=dict)   # seat → Asterisk's queues it is in → paused there?
    wrapups: dict[str, WrapUp] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)                 # seat → s, the longest wrap-up of its member (B6)
    agents: dict[str, str] = field(default_factory=dict)              # seat → code of the agent who is signed in there
    spies: dict[str, str] = field(default_factory=dict)               # channel that listens → channel that is listened to
    calls_shown: dict[str, Call] = field(default_factory=dict)
    seats_shown: dict[str, Seat] = field(default_factory=dict)

    def copy(self) -> Floor:
        """The same facts, in a floor of its own that takes nothing for told already but what is shown."""
        return Floor(
            self.plan,
            Channels(replace(channel) for channel in self.channels.values()),
            {call_id: replace(facts, unshown=True) for call_id, facts in self.calls.items()},
            set(self.online),
            {seat: dict(queues) for seat, queues in self.paused.items()},
            dict(self.wrapups), dict(self.cut), dict(self.agents), dict(self.spies), dict(self.calls_shown), dict(self.seats_shown))

    def wrapup_s(self, seat: str, queue: QueuePlan) -> int:
        """How long the seat is kept from calls after one of this queue."""
        cut = self.cut.get(seat)
        return queue.wrapup_s if cut is None else min(cut, queue.wrapup_s)

    def note_cut(self, seat: str, member: Member) -> None:
        """A seat that is always on is a static member too, whose wrap-up is its queue's."""
        if not member.dynamic or self.plan.always_on(seat):
            return
        if member.wrapup:
            self.cut[seat] = member.wrapup
        else:
            self.cut.pop(seat, None)


def created_at(uniqueid: str) -> datetime | None:
    """`node1-1763800000.12` → when the channel was made, to the second."""
    stem = uniqueid.rpartition("-")[2].partition(".")[0]
    return datetime.fromtimestamp(int(stem), UTC) if stem.isdigit() and len(stem) <= 11 else None


@dataclass(frozen=True)
class Caller:
    """`SIXRING_CALLER` as the look-up gave it."""

    household_id: int | None
    language: str
    name: str
    room: str


def parse_caller(value: str) -> Caller | None:
    """`<household id>|<language>|<points>|<name room tags…>`, and more that is not shown; None when it has not this shape.

    The room is the first word with a digit; what stands before it is the name, what stands after it are tags.
    """
    parts = value.split("|")
    if len(parts) < 4:
        return None
    household, language, _, display = parts[:4]
    words = display.split()
    at = next((place for place, word in enumerate(words) if any(char.isdigit() for char in word)), len(words))
    return Caller(
        household_id=int(household) if household.isdigit() else None,
        language=language if language in {"zh", "en"} else "zh",
        name=" ".join(words[:at]),
        room=words[at] if at < len(words) else "",
    )
