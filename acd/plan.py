"""What acd needs of the site file: who sits where, which queues, who may ring in them. One plan per node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from callcenter.site import Site
from callcenter.site.schema import QueueConfig

LANGUAGES = ("zh", "en")
TECHNOLOGY = "PJSIP/"


@dataclass(frozen=True)
class SeatPlan:
    seat: str
    name: str
    kind: str                    # primary, backup or leader
    mobile: bool = False         # has a phone only while somebody sits there: their own


@dataclass(frozen=True)
class QueuePlan:
    queue: str
    wrapup_s: int
    seats: tuple[str, ...] = ()          # home
    backup: tuple[str, ...] = ()
    estates: tuple[str, ...] = ()        # those whose own team has a pool here
    languages: tuple[str, ...] = ()      # those whose speakers have a pool here
    teams: bool = False                  # its chain has the stage of all agents
    backed: bool = False                 # … and, at any hour, that of the backup seats
    press: bool = False                  # spokespersons only (D4)
    emergency: bool = False              # a key leads to it that comes before everybody (F5)

    @classmethod
    def of(cls, queue: QueueConfig, site: Site) -> Self:
        return cls(
            queue.id, queue.wrapup, queue.seats, queue.backup,
            estates=tuple(estate.id for estate in site.estates) if queue.estate_first else (),
            languages=tuple(name for name in LANGUAGES if name != site.language) if queue.language_first else (),
            teams=any(stage.to == "teams" for stage in queue.stages),
            backed=any(stage.to == "backup" and stage.when == "always" for stage in queue.stages), press=queue.press,
            emergency=queue.id in site.emergency_queues)


@dataclass(frozen=True)
class FloorPlan:
    """The seats and queues of one node."""

    node: str
    seats: dict[str, SeatPlan]
    queues: dict[str, QueuePlan]
    overflow_s: int              # how long stage 0 lasts (A2)
    free_seating: bool = False
    extra_seats: tuple[str, ...] = ()    # ring in a surge with nobody signed in
    surge_wrapup_s: int = 0              # no wrap-up lasts longer …
    surge_wrapup_from: int | None = None     # … from this tier on

    @classmethod
    def of(cls, site: Site, node: str) -> Self:
        return cls(
            node=node,
            seats={seat.seat: SeatPlan(seat.seat, seat.name, seat.kind, seat.phone == "mobile") for seat in site.seats},
            queues={queue.id: QueuePlan.of(queue, site) for queue in site.queues},
            overflow_s=site.ring.overflow_after * site.ring.seconds,
            free_seating=site.free_seating, extra_seats=site.posture.extra_seats,
            surge_wrapup_s=site.posture.wrapup, surge_wrapup_from=site.posture.wrapup_from,
        )

    def seat_of(self, interface: str) -> str | None:
        """The seat of an interface `PJSIP/1001` or a channel `PJSIP/1001-0000002a`; None for anybody else."""
        if not interface.startswith(TECHNOLOGY):
            return None
        rest = interface[len(TECHNOLOGY):]
        if rest in self.seats:
            return rest
        name = rest.rpartition("-")[0]
        return name if name in self.seats else None

    def own_wrapup(self, tier: int) -> int:
        """The wrap-up that each dynamic member has of its own at this tier, in s; 0: as its queue says.

        One for all: app_queue goes by the member that it would ring, and by the last call's queue only when that has none.
        """
        if self.surge_wrapup_from is None or tier < self.surge_wrapup_from:
            return 0
        return self.surge_wrapup_s if any(queue.wrapup_s > self.surge_wrapup_s for queue in self.queues.values()) else 0

    def always_on(self, seat: str) -> bool:
        """Rings with nobody signed in (`Site.always_on`)."""
        return not self.free_seating or self.seats[seat].kind != "primary"
