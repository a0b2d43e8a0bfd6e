"""What a site file may say of outages (C2): what counts as one, who is told when, who is rung back (C4), backups (C8)."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from callcenter.disk import MEGABYTE, DiskLimits
from callcenter.roles import Role
from callcenter.site.parts import Address, Dialled, Label, Part, Seconds

Component = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,29}$")]
Folder = Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f]{1,200}$")]


class Rung(Part):
    """A step of the ladder: told once the outage has lasted so long."""

    after: Annotated[int, Field(ge=0, le=86_400, description="s since it began")]
    tell: Annotated[tuple[Role, ...], Field(min_length=1)]
    vendor: Annotated[bool, Field(description="who sold it to us is told too")] = False


class Threshold(Part):
    """From how much bad time on, within a spell of trouble, it is an outage; what is left out never makes one."""

    down: Seconds | None = None
    degraded: Seconds | None = None


class Vendor(Part):
    """Whom the last rung calls in. Without an address the message to our own people says whom to ring."""

    name: Label
    phone: Dialled | None = None
    address: Address | None = None
    components: Annotated[tuple[Component, ...], Field(description="none: of all")] = ()


class LostCallers(Part):
    """Who was lost, cut off or gave up while one of `of` was out is rung back when it is over (C4)."""

    of: tuple[Component, ...] = ("asterisk", "trunk", "network", "seats", "ami", "acd", "agi", "crm", "dashboard", "redis",
                                 "database")
    ring_back: Annotated[bool, Field(description="false: tickets alone")] = True
    cut_off_before: Annotated[int, Field(ge=0, le=600, description="s before it was noticed in which a call counts that a fault "
                                         "ended")] = 60
    at_once_within: Annotated[int, Field(ge=0, le=86_400, description="s; who was lost so lately is rung back at any hour, "
                                         "others within `followups.calls_from` and `calls_until`")] = 3600


class Backups(Part):
    """A backup a day, tried each time (C8). On the machine's own disk it outlives a mistake, not the disk: name another's."""

    at: time = time(3, 30)
    keep: Annotated[int, Field(ge=1, le=1000)] = 7
    folder: Annotated[Folder | None, Field(description="default: `backups` in the state folder")] = None
    recordings: bool = False
    oldest_h: Annotated[int, Field(ge=1, le=1000, description="an older last one is an outage of `backup`")] = 26


class Disk(Part):
    """Room on the disks of the state folder and of the recordings: `disk` is down below `none_mb`, degraded below `little_mb` or
    below what `days` of recordings take, as many as came yesterday or a week ago."""

    none_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 500
    little_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 5000
    days: Annotated[float, Field(ge=0, le=366)] = 1

    @property
    def limits(self) -> DiskLimits:
        return DiskLimits(self.little_mb * MEGABYTE, self.none_mb * MEGABYTE, self.days)


LADDER = (Rung(after=0, tell=(Role.LEADER,)), Rung(after=300, tell=(Role.SUPERVISOR,)),
          Rung(after=600, tell=(Role.OPERATIONS, Role.MANAGER)),
          Rung(after=3600, tell=(Role.OPERATIONS, Role.MANAGER), vendor=True))
COMPONENTS = {
    "asterisk": Threshold(down=10, degraded=300), "ami": Threshold(down=30, degraded=300), "trunk": Threshold(down=30),
    "network": Threshold(down=15), "agi": Threshold(down=15), "acd": Threshold(down=15, degraded=60), "crm": Threshold(down=15),
    "dashboard": Threshold(down=15), "redis": Threshold(down=15), "database": Threshold(down=15),
    "disk": Threshold(down=10, degraded=3600),
    "recordings": Threshold(down=60), "seats": Threshold(down=15, degraded=60), "backup": Threshold(down=10),
}


class Outages(Part):
    """Robots and mail lists of `notices` are told by role, whatever their estates: an outage is everybody's."""

    look_every: Seconds = 5
    well_for: Annotated[Seconds, Field(description="only then it is over; what comes and goes faster is one outage")] = 60
    starting: Annotated[Seconds, Field(description="s after its start in which the guard waits for what it has not seen well")] = 60
    ladder: Annotated[tuple[Rung, ...], Field(min_length=1)] = LADDER
    components: dict[Component, Threshold] = Field(default=COMPONENTS, description="instead of the defaults, all of them")
    network: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,100}:[0-9]{1,5}$")], ...], Field(
        description="host:port of the router, the carrier: when none takes a connection the network is down")] = ()
    disk: Disk = Disk()
    hangs: Annotated[int, Field(ge=3, le=3600, description="s without a sign of life of acd's or crm's main loop; a round of crm "
                                "may wait for SQLite's one writer for 20")] = 30
    seat_faults: Annotated[int, Field(ge=1, le=1000, description="that are faulty at once: from then on `seats` is degraded")] = 2
    vendors: tuple[Vendor, ...] = ()
    lost_callers: LostCallers = LostCallers()
    backup: Backups | None = Backups()

    @model_validator(mode="after")
    def upwards(self) -> Self:
        times = [rung.after for rung in self.ladder]
        if times != sorted(set(times)):
            raise ValueError("each rung of `ladder` comes later than the one before")
        return self
