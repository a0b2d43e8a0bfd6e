"""Figures of some calls only: of one queue, agent, team, of some estates; and the calls behind such a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.reports.figures import RULES, Counted, settled
from crm.reports.service import day_bounds, readable, rules_of
from crm.reports.slices import NOBODY, Sources
from crm.reports.sources import sources


@dataclass(frozen=True)
class Narrow:
    """What is None is not asked for. `estates` are keys, as figures by estate have them; NOBODY among them: callers of none."""

    queue: str | None = None
    agent: str | None = None
    team: str | None = None
    estates: frozenset[str] | None = None
    begin: datetime | None = None
    end: datetime | None = None
    team_of: Mapping[str, str] = field(default_factory=dict)

    def takes(self, queue: str, agent: str | None, estate: str | None, at: datetime) -> bool:
        return (self.queue in (None, queue) and self.agent in (None, agent)
                and self.team in (None, self.team_of.get(agent or NOBODY, NOBODY))
                and (self.estates is None or (estate or NOBODY) in self.estates)
                and (self.begin is None or at >= self.begin) and (self.end is None or at < self.end))

    def takes_call(self, call: Counted) -> bool:
        return self.takes(call.queue, call.agent, call.estate, call.queued_at)

    @property
    def splits_time(self) -> bool:
        """An agent's time is of no queue and of no estate."""
        return self.queue is not None or self.estates is not None


def narrowed(found: Sources, to: Narrow) -> Sources:
    return Sources(
        calls=[call for call in found.calls if to.takes_call(call)],
        rings=[ring for ring in found.rings if to.takes(ring.queue, ring.agent, ring.estate, ring.at)],
        transfers=[each for each in found.transfers if to.takes(each.queue, each.agent, each.estate, each.at)],
        holds=[each for each in found.holds if to.takes(each.queue, each.agent, each.estate, each.at)],
        stays=[] if to.splits_time else [stay for stay in found.stays if to.takes("", stay.agent, None, stay.began_at)],
        handled=[] if to.splits_time else [done for done in found.handled if to.takes("", done.agent, None, done.at)],
        visits=None if found.visits is None else [visit for visit in found.visits if to.takes_call(visit)])


def of_all(session: Session, first: date, last: date, figure: str, tz: tzinfo, site: Site, now: datetime) -> list[Counted]:
    """The calls of all queues that count for a figure, oldest first. Raises KeyError for a figure that counts none, and TooLong."""
    readable(first, last)
    rules, rule = rules_of(site), RULES[figure]
    found = sources(session, site, day_bounds(first, tz)[0], day_bounds(last, tz)[1], now).calls
    return sorted((call for call in settled(found) if rule(call, rules)), key=lambda call: (call.queued_at, call.call_id))
