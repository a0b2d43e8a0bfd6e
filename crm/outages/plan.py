"""What the guard needs of the site file, as a value that travels as JSON: the file's own reader is thrice the guard's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from callcenter.disk import DiskLimits
from crm.outages.ladder import Limits, Policy, Rung
from crm.outages.ways import VENDOR, Way

if TYPE_CHECKING:
    from callcenter.site import Site


@dataclass(frozen=True)
class BackupPlan:
    minute: int            # of the local day
    keep: int
    oldest_h: int


@dataclass(frozen=True)
class Plan:
    look_every_s: float
    starting_s: float
    timezone: str
    policy: Policy
    ways: tuple[Way, ...]
    network: tuple[str, ...]
    seat_faults: int
    disk: DiskLimits
    hangs_s: float
    backup: BackupPlan | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_of(site: Site) -> Plan:
    given = site.outages
    limits = {name: Limits(one.down, one.degraded) for name, one in given.components.items()
              if name != "backup" or given.backup is not None}
    rungs = tuple(Rung(rung.after, tuple(role.value for role in rung.tell), rung.vendor) for rung in given.ladder)
    kept = given.backup
    backup = BackupPlan(kept.at.hour * 60 + kept.at.minute, kept.keep, kept.oldest_h) if kept else None
    return Plan(look_every_s=given.look_every, starting_s=given.starting, timezone=site.timezone,
                policy=Policy(rungs, limits, given.well_for, gap_s=3 * given.look_every),
                ways=tuple(_ways(site)), network=given.network, seat_faults=given.seat_faults,
                disk=given.disk.limits, hangs_s=given.hangs, backup=backup)


def _ways(site: Site) -> list[Way]:
    found = [Way(f"robot:{robot.id}", "", tuple(role.value for role in robot.tell)) for robot in site.notices.robots]
    if site.notices.mail is not None:
        found += [Way("mail", to.address, tuple(role.value for role in to.tell)) for to in site.notices.mail.to]
        found += [Way("mail", vendor.address, (VENDOR,), vendor.components) for vendor in site.outages.vendors if vendor.address]
    return found


def plan_from(given: Mapping[str, Any]) -> Plan:
    """Raises KeyError, TypeError for what another version wrote."""
    policy = given["policy"]
    backup = given["backup"]
    return Plan(
        look_every_s=float(given["look_every_s"]), starting_s=float(given["starting_s"]), timezone=str(given["timezone"]),
        policy=Policy(tuple(Rung(one["after_s"], _tuple(one["tell"]), one["vendor"]) for one in policy["rungs"]),
                      {name: Limits(**one) for name, one in policy["limits"].items()}, policy["well_for_s"], policy["gap_s"]),
        ways=tuple(Way(one["channel"], one["address"], _tuple(one["tell"]), _tuple(one["components"])) for one in given["ways"]),
        network=_tuple(given["network"]), seat_faults=int(given["seat_faults"]),
        disk=DiskLimits(**given["disk"]), hangs_s=float(given["hangs_s"]), backup=BackupPlan(**backup) if backup else None)


def _tuple(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(values)
