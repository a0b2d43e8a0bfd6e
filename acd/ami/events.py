"""AMI message → event. The table says which events are handled; every other event is nobody's business here.

Parsing is pure and forgiving: a header that is missing is an empty text, a number that is not one is zero. Events are named
tuples because one is made in a third of the time of a frozen dataclass; two of different types may be equal, so ask for the type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from acd.ami.handover import HandedOver, handed_over
from acd.ami.headers import Headers
from acd.ami.members import Member, Place


class ChannelState(IntEnum):
    """Asterisk's channel states that matter here."""

    DOWN = 0
    RING = 4       # the far end dials us: a caller, or a seat that picks up to dial
    RINGING = 5    # we ring the far end
    UP = 6


class ChannelCreated(NamedTuple):
    uniqueid: str
    channel: str
    linkedid: str
    state: int
    number: str
    context: str
    exten: str


class ChannelStateChanged(NamedTuple):
    uniqueid: str
    state: int


class CallerIdChanged(NamedTuple):
    uniqueid: str
    number: str


class VariableSet(NamedTuple):
    uniqueid: str
    name: str      # without the underscores of inheritance
    value: str


class CallerJoined(NamedTuple):
    uniqueid: str
    channel: str
    number: str
    queue: str     # Asterisk's name, stage included


class CallerLeft(NamedTuple):
    """Answered, timed out, or gave up (`abandoned`)."""

    uniqueid: str
    queue: str
    abandoned: bool


class SeatCompleted(NamedTuple):
    uniqueid: str
    queue: str
    interface: str
    leg: str


class SeatMissed(NamedTuple):
    uniqueid: str
    queue: str
    interface: str
    leg: str
    ring_ms: int = 0   # as app_queue counts: how long it was to ring when nobody answered, whole seconds when it was refused


class HeldOrNot(NamedTuple):
    """The phone at this channel's end has put the other side on hold, or takes it back."""

    uniqueid: str
    held: bool


class RecorderBegan(NamedTuple):
    """On this channel; the one before it, if there was one, has ended."""

    uniqueid: str


class RecordingMuted(NamedTuple):
    """The recorder of this channel writes silence from now on, or again what is said."""

    uniqueid: str
    muted: bool


class SpyStarted(NamedTuple):
    spy: str
    on: str


class SpyStopped(NamedTuple):
    spy: str


class Parked(NamedTuple):
    """`slot` "": it is parked no more."""

    uniqueid: str
    slot: str


class MemberChanged(NamedTuple):
    place: Place
    member: Member


class MemberRemoved(NamedTuple):
    place: Place


class BridgeEntered(NamedTuple):
    bridge: str
    uniqueid: str
    linkedid: str


class BridgeLeft(NamedTuple):
    bridge: str
    uniqueid: str


class HungUp(NamedTuple):
    uniqueid: str
    cause: int


class DeviceChanged(NamedTuple):
    device: str        # "PJSIP/1001"
    state: str         # UNAVAILABLE NOT_INUSE INUSE …


class ReachabilityChanged(NamedTuple):
    """A contact was registered, lost, qualified; or the registration with the carrier changed."""

    endpoint: str
    status: str
    uri: str = ""      # of a contact; "" for a registration


class DialplanSaid(NamedTuple):
    """The dialplan's own words: `UserEvent(Sixring,What: …)`."""

    uniqueid: str
    # entered identified language menu routed overflow nobody outside voicemail callback message survey estimate place
    what: str
    call_id: str
    did: str
    queue: str
    number: str = ""
    caller: str = ""   # SIXRING_CALLER, when identified
    language: str = ""
    seat: str = ""     # where a code was dialled
    agent: str = ""
    reason: str = ""
    channel: str = ""
    seconds: str = ""  # of an estimate
    callback: str = "" # of a place that is kept
    stage: int = 0     # of an overflow
    rank: int = 0      # the caller's points, when routed
    emergency: bool = False


class FullyBooted(NamedTuple):
    uptime_s: int


class ShuttingDown(NamedTuple):
    restart: bool


class Reloaded(NamedTuple):
    module: str


AmiEvent = (ChannelCreated | ChannelStateChanged | CallerIdChanged | VariableSet | CallerJoined | CallerLeft
            | SeatCompleted | SeatMissed | HeldOrNot | MemberChanged | MemberRemoved
            | RecorderBegan | RecordingMuted | SpyStarted | SpyStopped | Parked | HandedOver
            | BridgeEntered | BridgeLeft
            | HungUp | DeviceChanged | ReachabilityChanged | DialplanSaid | FullyBooted | ShuttingDown | Reloaded)

VARIABLES: Final = frozenset({"SIXRING_CALLER", "CALL_ID"})
"""The dialplan variables that are read; VarSet is by far the most frequent event."""


def number_of(text: str) -> int:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else 0


def _created(m: Headers) -> AmiEvent:
    return ChannelCreated(m.get("uniqueid", ""), m.get("channel", ""), m.get("linkedid", ""),
                          number_of(m.get("channelstate", "")), m.get("calleridnum", ""), m.get("context", ""),
                          m.get("exten", ""))


def _state(m: Headers) -> AmiEvent:
    return ChannelStateChanged(m.get("uniqueid", ""), number_of(m.get("channelstate", "")))


def _caller_id(m: Headers) -> AmiEvent:
    return CallerIdChanged(m.get("uniqueid", ""), m.get("calleridnum", ""))


def _variable(m: Headers) -> AmiEvent | None:
    name = m.get("variable", "").lstrip("_")
    return VariableSet(m.get("uniqueid", ""), name, m.get("value", "")) if name in VARIABLES else None


def _joined(m: Headers) -> AmiEvent:
    return CallerJoined(m.get("uniqueid", ""), m.get("channel", ""), m.get("calleridnum", ""), m.get("queue", ""))


def _left(m: Headers) -> AmiEvent:
    return CallerLeft(m.get("uniqueid", ""), m.get("queue", ""), abandoned=False)


def _abandoned(m: Headers) -> AmiEvent:
    return CallerLeft(m.get("uniqueid", ""), m.get("queue", ""), abandoned=True)


def _completed(m: Headers) -> AmiEvent:
    return SeatCompleted(m.get("uniqueid", ""), m.get("queue", ""), m.get("interface", ""), m.get("destuniqueid", ""))


def _missed(m: Headers) -> AmiEvent:
    return SeatMissed(m.get("uniqueid", ""), m.get("queue", ""), m.get("interface", ""), m.get("destuniqueid", ""),
                      number_of(m.get("ringtime", "")))


def _held(m: Headers) -> AmiEvent:
    return HeldOrNot(m.get("uniqueid", ""), m.get("event", "").lower() == "hold")


def _recorder_began(m: Headers) -> AmiEvent:
    return RecorderBegan(m.get("uniqueid", ""))


def _muted(m: Headers) -> AmiEvent:
    return RecordingMuted(m.get("uniqueid", ""), m.get("state") == "1")


def _spy_started(m: Headers) -> AmiEvent:
    return SpyStarted(m.get("spyeruniqueid", ""), m.get("spyeeuniqueid", ""))


def _spy_stopped(m: Headers) -> AmiEvent:
    return SpyStopped(m.get("spyeruniqueid", ""))


def _parked(m: Headers) -> AmiEvent:
    return Parked(m.get("parkeeuniqueid", ""), m.get("parkingspace", "") if m.get("event", "").lower() == "parkedcall" else "")


def _place(m: Headers) -> Place:
    return Place(m.get("queue", ""), m.get("interface", ""))


def member_changed(m: Headers) -> AmiEvent:
    """The reason given for an unpause is no state."""
    paused = m.get("paused") == "1"
    return MemberChanged(_place(m), Member(number_of(m.get("penalty", "")), paused, m.get("pausedreason", "") if paused else "",
                                           dynamic=m.get("membership") == "dynamic", wrapup=number_of(m.get("wrapuptime", ""))))


def member_removed(m: Headers) -> AmiEvent:
    return MemberRemoved(_place(m))


def _entered(m: Headers) -> AmiEvent:
    return BridgeEntered(m.get("bridgeuniqueid", ""), m.get("uniqueid", ""), m.get("linkedid", ""))


def _bridge_left(m: Headers) -> AmiEvent:
    return BridgeLeft(m.get("bridgeuniqueid", ""), m.get("uniqueid", ""))


def _hung_up(m: Headers) -> AmiEvent:
    return HungUp(m.get("uniqueid", ""), number_of(m.get("cause", "")))


def _device(m: Headers) -> AmiEvent | None:
    device = m.get("device", "")
    return DeviceChanged(device, m.get("state", "")) if device.startswith("PJSIP/") else None


def _contact(m: Headers) -> AmiEvent:
    return ReachabilityChanged(m.get("endpointname") or m.get("aor", ""), m.get("contactstatus", ""), m.get("uri", ""))


def _peer(m: Headers) -> AmiEvent:
    return ReachabilityChanged(m.get("peer", "").removeprefix("PJSIP/"), m.get("peerstatus", ""))


def _registry(m: Headers) -> AmiEvent:
    return ReachabilityChanged("trunk", m.get("status", ""))


def _said(m: Headers) -> AmiEvent | None:
    if m.get("userevent") != "Sixring":
        return None
    what = m.get("what", "")
    # The channel's own language is told before; what the dialplan says comes last.
    language = m.get("language", "").rpartition("\n")[2] if what == "language" else ""
    return DialplanSaid(m.get("uniqueid", ""), what, m.get("callid", ""), m.get("did", ""),
                        m.get("queue", ""), m.get("number", ""), m.get("caller", ""), language,
                        m.get("seat", ""), m.get("agent", ""), m.get("reason", ""), m.get("channel", ""),
                        m.get("seconds", ""), m.get("callback", ""),
                        number_of(m.get("stage", "")), number_of(m.get("rank", "")),
                        m.get("emergency") == "1")


HANDLED: Final[Mapping[str, Callable[[Headers], AmiEvent | None]]] = {
    "newchannel": _created,
    "newstate": _state,
    "newcallerid": _caller_id,
    "varset": _variable,
    "queuecallerjoin": _joined,
    "queuecallerleave": _left,
    "queuecallerabandon": _abandoned,
    "agentcomplete": _completed,
    "agentringnoanswer": _missed,
    "hold": _held,
    "unhold": _held,
    "queuememberstatus": member_changed,
    "queuememberpause": member_changed,
    "queuememberpenalty": member_changed,
    "queuememberadded": member_changed,
    "queuememberremoved": member_removed,
    "mixmonitorstart": _recorder_began,
    "mixmonitormute": _muted,
    "chanspystart": _spy_started,
    "chanspystop": _spy_stopped,
    "attendedtransfer": handed_over,
    "parkedcall": _parked,
    "unparkedcall": _parked,
    "parkedcalltimeout": _parked,
    "parkedcallgiveup": _parked,
    "bridgeenter": _entered,
    "bridgeleave": _bridge_left,
    "hangup": _hung_up,
    "devicestatechange": _device,
    "contactstatus": _contact,
    "peerstatus": _peer,
    "registry": _registry,
    "userevent": _said,
    "fullybooted": lambda m: FullyBooted(number_of(m.get("uptime", ""))),
    "shutdown": lambda m: ShuttingDown(m.get("restart", "") == "True"),
    "reload": lambda m: Reloaded(m.get("module", "")),
}


def parse(headers: Headers) -> AmiEvent | None:
    """The event, or None for one that is not handled."""
    handler = HANDLED.get(headers.get("event", "").lower())
    return handler(headers) if handler else None
