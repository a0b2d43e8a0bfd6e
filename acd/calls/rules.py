"""What the site file says about calls in progress, and the one way in which an order about a call is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Self

from callcenter.site import Site
from callcenter.site.parts import NATIONAL_NUMBERS


class Why(StrEnum):
    UNKNOWN_AGENT = "unknown_agent"
    UNKNOWN_SEAT = "unknown_seat"
    UNKNOWN_QUEUE = "unknown_queue"
    NOT_SIGNED_IN = "not_signed_in"
    SEAT_UNREACHABLE = "seat_unreachable"    # no phone there
    NO_CALL = "no_call"                      # the agent does not talk with a caller, or the call is over
    NOT_NOW = "not_now"                      # busy with another step: somebody is consulted, a phone rings already
    NO_OFFICE = "no_office"                  # the site file names none
    REFUSED = "refused"                      # it is not theirs to ask, or there is no such target


class NotPossible(Exception):
    """Why an order cannot be carried out; raised before anything was done."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class CallRules:
    """`numbers`: what [transfers] of the dialplan calls a queue and a department."""

    seats: frozenset[str] = frozenset()
    leaders: frozenset[str] = frozenset()                         # seats of kind leader
    queues: dict[str, str] = field(default_factory=dict)          # queue id → *601
    departments: dict[str, str] = field(default_factory=dict)     # department id → *501
    department_ends: dict[str, str] = field(default_factory=dict) # department id → seat, or digits of an outside number
    offices: dict[str, str] = field(default_factory=dict)         # estate → department that joins its emergencies; "": any other
    hotline: str = ""                                             # our own number, as an outside phone sees it
    outside: tuple[str, ...] = NATIONAL_NUMBERS                   # patterns of what an agent may name
    ring_ms: int = 15_000                                         # how long a third phone is rung
    limit: timedelta = timedelta(minutes=10)                      # A4
    warn_before: timedelta = timedelta(minutes=1)
    longest_pause: timedelta = timedelta(minutes=2)               # of a recording

    @classmethod
    def of(cls, site: Site) -> Self:
        return cls(
            seats=frozenset(seat.seat for seat in site.seats),
            leaders=frozenset(seat.seat for seat in site.seats if seat.kind == "leader"),
            queues={queue.id: f"*6{place:02}" for place, queue in enumerate(site.queues, 1)},
            departments={one.id: f"*5{place:02}" for place, one in enumerate(site.departments, 1)},
            department_ends={one.id: one.seat or (one.number or "").lstrip("+") for one in site.departments},
            offices={estate: office for estate, office in [("", site.office), *((one.id, one.office) for one in site.estates)]
                     if office},
            hotline=site.numbers[0].number, outside=site.limits.outside_numbers, ring_ms=3 * site.ring.seconds * 1000,
            limit=timedelta(minutes=site.desk.call_minutes), warn_before=timedelta(seconds=site.desk.warn_before),
            longest_pause=timedelta(seconds=site.desk.recording_pause),
        )
