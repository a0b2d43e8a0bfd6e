"""A surge as the other parts get to see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from callcenter.site.surge import SurgePolicy
from callcenter.storm import CalledIn, Surge
from crm.notices.words import Language, Named
from crm.staff.actor import Actor
from crm.surge.reports import SurgeReportShown
from crm.surge.situation import Situation
from crm.surge.stored import Holding
from crm.surge.telling import ToldShown, is_mine
from crm.surge.tiers import Signals, shown
from crm.surge.words import Line, lines, subject

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@dataclass(frozen=True)
class Crossed:
    """A threshold that is crossed now."""

    signal: str                      # arrivals, waiting, longest_wait, service_level
    since: datetime


@dataclass(frozen=True)
class SurgeNow:
    """`version`: its ETag; it counts changes of tier and hold, not figures."""

    version: int
    surge: Surge                     # as the board has it
    signals: Signals | None          # the newest figures that were kept; at most half a minute old while crm runs
    crossed: tuple[Crossed, ...]
    held_by: str
    held_until: datetime | None
    rests_until: datetime | None     # ended by hand: does not declare itself before
    policy: SurgePolicy              # what declares it, what "under control" means, when tiers come and go


@dataclass(frozen=True)
class SituationListed:
    report_id: int
    at: datetime
    by: str                          # "": it wrote itself, at a change of tier
    surge_id: int | None
    before: int | None
    tier: int
    subject: Named
    told: tuple[ToldShown, ...]      # who was, and who took note
    waits_for_me: bool               # to take note of it


@dataclass(frozen=True)
class SituationWords:
    subject: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class SituationShown:
    report_id: int
    at: datetime
    by: str
    situation: Situation
    zh: SituationWords
    en: SituationWords
    told: tuple[ToldShown, ...]
    waits_for_me: bool


def now_shown(policy: SurgePolicy, held: Holding, coming: tuple[CalledIn, ...]) -> SurgeNow:
    state = held.state
    return SurgeNow(
        version=held.version, surge=shown(policy, state, held.surge_id, coming, drill=held.drill), signals=held.signals,
        crossed=tuple(Crossed(why.value, since) for why, since in state.over.items()), held_by=state.held_by,
        held_until=state.held_until, rests_until=state.rests_until, policy=policy)


def listed(report: SurgeReportShown, told: tuple[ToldShown, ...], actor: Actor) -> SituationListed:
    of = report.situation
    return SituationListed(report.report_id, report.at, report.by, of.surge_id, of.before, of.tier,
                           Named(subject(of, "zh"), subject(of, "en")), told, is_mine(told, actor))


def report_shown(report: SurgeReportShown, tz: tzinfo, told: tuple[ToldShown, ...], actor: Actor) -> SituationShown:
    zh, en = (SituationWords(subject(report.situation, language), tuple(lines(report.situation, language, tz)))
              for language in LANGUAGES)
    return SituationShown(report.report_id, report.at, report.by, report.situation, zh, en, told, is_mine(told, actor))
