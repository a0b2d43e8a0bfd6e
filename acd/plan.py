"""What acd needs of the site file: who sits where, which queues, how long wrap-up lasts. One plan per node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from callcenter.site import Site


@dataclass(frozen=True)
class SeatPlan:
    seat: str
    name: str
    kind: str                    # primary, backup or leader


@dataclass(frozen=True)
class QueuePlan:
    queue: str
    wrapup_s: int


@dataclass(frozen=True)
class FloorPlan:
    """The seats and queues of one node."""

    node: str
    seats: dict[str, SeatPlan]
    queues: dict[str, QueuePlan]
    overflow_s: int              # how long stage 0 lasts (A2)

    @classmethod
    def of(cls, site: Site, node: str) -> Self:
        return cls(
            node=node,
            seats={seat.seat: SeatPlan(seat.seat, seat.name, seat.kind) for seat in site.seats},
            queues={queue.id: QueuePlan(queue.id, queue.wrapup) for queue in site.queues},
            overflow_s=site.ring.overflow_after * site.ring.seconds,
        )

    def seat_of(self, interface: str) -> str | None:
        """The seat of an interface `PJSIP/1001` or a channel `PJSIP/1001-0000002a`; None for anybody else."""
        technology, _, rest = interface.partition("/")
        name = rest if rest in self.seats else rest.rpartition("-")[0]
        return name if technology == "PJSIP" and name in self.seats else None
