"""How one queue of the site becomes several of Asterisk's: one name a stage, made and read here only.

| Asterisk's queue    | who is in it                                                            | stage |
|---------------------|-------------------------------------------------------------------------|-------|
| `repair`            | agents with the skill; the level is the penalty                         | 0     |
| `repair.at-yunqi`   | of those, the team of the caller's estate; tried before `repair`        | 0     |
| `repair.in-en`      | of those, who speak the caller's language; tried before `repair`        | 0     |
| `repair.backup`     | backup seats and everybody with the skill; from the sixth ring (A2)     | 1     |
| `repair.teams`      | every agent signed in, whatever the skill                               | 2     |
| `repair.emergency`  | as `repair.backup`, at once and before all other callers (F5)           | 0     |
| `seat.1001`         | that seat alone: the last agent, and calls transferred to a person      | None  |
| `drill.repair…`     | simulated seats, for a drill's callers: each of the above but pools     | as it |

A dot is in no id of a site file, so that a name is read in one way only. Stage 3 (outside numbers) has no queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Pool(StrEnum):
    PRIMARY = "primary"
    ESTATE = "at"
    LANGUAGE = "in"
    BACKUP = "backup"
    TEAMS = "teams"
    EMERGENCY = "emergency"
    SEAT = "seat"


STAGES: Final = {Pool.PRIMARY: 0, Pool.ESTATE: 0, Pool.LANGUAGE: 0, Pool.EMERGENCY: 0, Pool.BACKUP: 1, Pool.TEAMS: 2}
OUTSIDE_STAGE: Final = 3
DRILL_QUEUES: Final = "drill."


@dataclass(frozen=True, slots=True)
class Stage:
    """`queue` is the site's queue id, "" for a seat's own queue; `of` is the estate, language or seat."""

    queue: str
    pool: Pool
    of: str = ""

    @property
    def number(self) -> int | None:
        return STAGES.get(self.pool)


def asterisk_queue(stage: Stage) -> str:
    match stage.pool:
        case Pool.PRIMARY:
            return stage.queue
        case Pool.ESTATE | Pool.LANGUAGE:
            return f"{stage.queue}.{stage.pool}-{stage.of}"
        case Pool.BACKUP | Pool.TEAMS | Pool.EMERGENCY:
            return f"{stage.queue}.{stage.pool}"
        case Pool.SEAT:
            return f"seat.{stage.of}"


@lru_cache(maxsize=4_096)     # asked for every caller who joins or is called, of the few names that there are
def stage_of(name: str) -> Stage:
    """The stage of an Asterisk queue's name. A name that is none of ours is taken as a queue of its own."""
    name = name.removeprefix(DRILL_QUEUES)
    queue, dot, rest = name.partition(".")
    if not dot:
        return Stage(name, Pool.PRIMARY)
    if queue == Pool.SEAT:
        return Stage("", Pool.SEAT, rest)
    if rest in (Pool.BACKUP, Pool.TEAMS, Pool.EMERGENCY):
        return Stage(queue, Pool(rest))
    pool, _, of = rest.partition("-")
    if pool in (Pool.ESTATE, Pool.LANGUAGE) and of:
        return Stage(queue, Pool(pool), of)
    return Stage(name, Pool.PRIMARY)
