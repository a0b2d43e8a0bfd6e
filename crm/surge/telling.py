"""Who took note of a situation report (B7): each role that is told, the one above when nobody of it did in time. Callers commit.

A newer report of the same surge takes the older one's place: that one climbs no further.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.site import Site
from crm.notices.channels import MAIL
from crm.notices.ladder import above
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User
from crm.surge.models import SurgeLetter, SurgeReport, SurgeTelling

AT_ONCE: Final = 20


@dataclass(frozen=True)
class ToldShown:
    whom: str                        # a role
    at: datetime
    is_waiting: bool                 # for one who has the role to acknowledge it
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    climbed_at: datetime | None      # nobody did in time, or nobody has the role: who stands above is told


def tell(session: Session, site: Site, report: SurgeReport, now: datetime) -> int:
    """To whom the policy names, over the site's ways; how many letters. It concerns all estates."""
    if report.surge_id is not None:
        older = select(SurgeReport.id).where(SurgeReport.surge_id == report.surge_id, SurgeReport.id < report.id)
        session.execute(update(SurgeTelling).where(SurgeTelling.report_id.in_(older), SurgeTelling.acknowledged_at.is_(None),
                                                   SurgeTelling.settled_at.is_(None)).values(settled_at=now, waits_since=None))
    return _told(session, site, report.id, [role.value for role in site.surge.tell], now, climbed=False)


def is_unheard(session: Session, before: datetime) -> bool:
    return bool(session.scalar(select(exists().where(SurgeTelling.waits_since <= before))))


def climb(session: Session, site: Site, now: datetime) -> None:
    """What nobody acknowledged in time goes one up, unless who stands there was told of it already."""
    within = timedelta(seconds=site.notices.acknowledge_within)
    for row in session.scalars(select(SurgeTelling).where(SurgeTelling.waits_since <= now - within).order_by(SurgeTelling.id)
                               .limit(AT_ONCE).with_for_update(skip_locked=True)).all():
        row.waits_since, row.climbed_at = None, now
        up = above(row.whom)
        note(session, now, "surge.unheard", f"surge_report:{row.report_id}", whom=row.whom, up=up)
        if up is not None:      # the top stays on the page until it is acknowledged
            _told(session, site, row.report_id, [up], now, climbed=True)


def acknowledge(session: Session, actor: Actor, report_id: int, now: datetime) -> None:
    """For each of the actor's roles that was told; who was first is kept. Raises NotFound, Forbidden."""
    if session.get(SurgeReport, report_id) is None:
        raise NotFound(f"surge report {report_id}")
    rows = session.scalars(select(SurgeTelling).where(SurgeTelling.report_id == report_id, SurgeTelling.whom.in_(_roles(actor)))
                           .order_by(SurgeTelling.id).with_for_update().execution_options(populate_existing=True)).all()
    if not rows:
        raise Forbidden
    fresh = [row for row in rows if row.acknowledged_at is None]
    for row in fresh:
        row.acknowledged_at, row.acknowledged_by, row.waits_since = now, actor.user_id, None
    if fresh:
        whom = [row.whom for row in fresh]
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="surge.acknowledged",
                     subject=f"surge_report:{report_id}", detail=" ".join(whom))
        note(session, now, "surge.acknowledged", f"surge_report:{report_id}", whom=whom, by=actor.user_id)
    session.flush()


def told(session: Session, reports: Collection[int]) -> dict[int, tuple[ToldShown, ...]]:
    """Of each report, in the order in which they were told."""
    found: dict[int, list[ToldShown]] = {report_id: [] for report_id in reports}
    for row, name in session.execute(select(SurgeTelling, User.name).outerjoin(User, User.id == SurgeTelling.acknowledged_by)
                                     .where(SurgeTelling.report_id.in_(found)).order_by(SurgeTelling.id)):
        found[row.report_id].append(ToldShown(row.whom, row.at, row.acknowledged_at is None and row.settled_at is None,
                                              row.acknowledged_at, name, row.climbed_at))
    return {report_id: tuple(rows) for report_id, rows in found.items()}


def is_mine(told_of: Iterable[ToldShown], actor: Actor) -> bool:
    """It waits for the actor."""
    return any(one.is_waiting and one.whom in _roles(actor) for one in told_of)


def _told(session: Session, site: Site, report_id: int, roles: Sequence[str], now: datetime, *, climbed: bool) -> int:
    """Roles that were not told of it yet; where nobody has the role, who stands above it is told at once."""
    known = set(session.scalars(select(SurgeTelling.whom).where(SurgeTelling.report_id == report_id)))
    there = {role for roles_of in session.scalars(select(User.roles).where(User.active)) for role in roles_of}
    new, wanted = [], list(roles)
    while wanted:
        whom = wanted.pop(0)
        if whom in known:
            continue
        known.add(whom)
        new.append(whom)
        has_one = whom in there
        session.add(SurgeTelling(report_id=report_id, whom=whom, at=now, waits_since=now if has_one else None,
                                 climbed_at=None if has_one else now))
        if not has_one and (up := above(whom)) is not None:
            wanted.append(up)
    sent = {(row.channel, row.address) for row in session.scalars(select(SurgeLetter).where(SurgeLetter.report_id == report_id))}
    ways = sorted(set(_ways(session, site, frozenset(new))) - sent)
    session.add_all(SurgeLetter(report_id=report_id, channel=channel, address=to, climbed=climbed, next_at=now)
                    for channel, to in ways)
    session.flush()
    return len(ways)


def _ways(session: Session, site: Site, whom: frozenset[str]) -> Iterator[tuple[str, str]]:
    mail = site.notices.mail
    if mail is not None:
        for name, roles in session.execute(select(User.name, User.roles).where(User.active, User.name.in_(mail.people))):
            if whom & frozenset(roles):
                yield MAIL, mail.people[name]
        yield from ((MAIL, to.address) for to in mail.to if whom & frozenset(to.tell))
    yield from ((f"robot:{robot.id}", "") for robot in site.notices.robots if whom & frozenset(robot.tell))


def _roles(actor: Actor) -> frozenset[str]:
    return frozenset(role.value for role in actor.roles)
