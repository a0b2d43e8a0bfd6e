"""One look at everything (C2): what the components say of themselves in Redis, and where nobody says, what they answer.

A key that is not there, though Redis is: of a process, it is silent, and so down; of what a process watches for others, it is
asked directly. Without Redis everything is asked directly. What nobody can know then (the trunk) is in no look.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from callcenter.disk import RecordedDays
from callcenter.settings import LOOPBACK, Settings
from crm.outages import probes
from crm.outages.ladder import Look, Seen
from crm.outages.plan import Plan
from crm.outages.soundless import recordings
from crm.outages.wire import TTL_S, RedisAway, Wire

PROCESSES: Final = ("agi", "acd", "crm", "dashboard")
SIGNS: Final = ("acd", "crm")      # who gives one (callcenter/sign.py)
HANGING: Final = Seen(Look.DOWN, probes.HANGS)
SILENT: Final = Seen(Look.DOWN, "silent")
TAIL_BYTES: Final = 200_000
SIGNED_IN: Final = frozenset({"ready", "ringing", "talking", "held", "wrapup", "paused", "away", "fault"})
# What follows from what: one cause is one outage.
EXPLAINS: Final = {"asterisk": ("ami", "trunk", "seats", "recordings"), "network": ("trunk", "seats"), "ami": ("trunk", "seats")}


class Looker:
    def __init__(self, settings: Settings, wire: Wire, plan: Plan) -> None:
        self._settings, self._wire, self._plan = settings, wire, plan
        self._days, self._tz = RecordedDays(settings.recordings), ZoneInfo(plan.timezone)

    def look(self, now: datetime) -> dict[str, Seen]:
        """Of what the plan watches."""
        looks: dict[str, Seen] = {}
        keys: dict[str, Seen] | None = None
        try:
            keys = said(self._wire.health())
            looks["redis"] = Seen(Look.OK)
        except RedisAway as error:
            looks["redis"] = Seen(Look.DOWN, str(error))
        looks |= keys or {}
        silent_counts = self._wire.answers_since is not None and time.monotonic() - self._wire.answers_since >= TTL_S
        for name in self._plan.policy.limits:
            if name not in looks and (seen := self._asked(name, keys, now, silent_counts=silent_counts)) is not None:
                looks[name] = seen
        looks |= self._hanging(looks)
        if looks.get("crm") == HANGING and "database" in looks and looks["database"].look is Look.DOWN:
            del looks["crm"]      # it waits for that
        looks |= self._own(keys, now)
        return unexplained({name: seen for name, seen in looks.items() if name in self._plan.policy.limits or name in EXPLAINS},
                           self._plan.policy.limits)

    def _asked(self, name: str, keys: Mapping[str, Seen] | None, now: datetime, *, silent_counts: bool) -> Seen | None:
        settings = self._settings
        if name in PROCESSES and keys is not None and silent_counts:
            return SILENT
        match name:
            case "asterisk" | "ami":
                return probes.asterisk(settings.ami_address)
            case "agi":
                return probes.agi((LOOPBACK, settings.ports.agi))
            case "dashboard":
                return probes.pages(LOOPBACK, settings.ports.web)
            case "acd" | "crm":
                return probes.process(settings.state, name, self._plan.hangs_s)
            case "database":
                return probes.database(settings.database_url)
            case "disk":
                day = self._days.bytes(now.astimezone(self._tz))
                return probes.disk((settings.state, settings.recordings), self._plan.disk, day)
            case _:
                return None

    def _hanging(self, looks: Mapping[str, Seen]) -> dict[str, Seen]:
        """Whose main loop stands still says so itself as little as it says anything else: its keys are another thread's."""
        found = {name: probes.process(self._settings.state, name, self._plan.hangs_s) for name in SIGNS if name in looks}
        return {name: seen for name, seen in found.items() if seen == HANGING}

    def _own(self, keys: Mapping[str, Seen] | None, now: datetime) -> dict[str, Seen]:
        """What nobody else watches."""
        limits, found = self._plan.policy.limits, dict[str, Seen | None]()
        if "network" in limits:
            found["network"] = probes.network(self._plan.network)
        if "seats" in limits and keys is not None:
            try:
                found["seats"] = seats(self._wire.board(), self._plan.seat_faults)
            except RedisAway:
                pass      # the next look says so
        if "recordings" in limits:
            found["recordings"] = recordings(self._journal_end(), self._size, now)
        return {name: seen for name, seen in found.items() if seen is not None}

    def _journal_end(self) -> list[str]:
        try:
            with self._settings.queue_log.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
                return file.read().decode(errors="replace").splitlines()
        except OSError:
            return []

    def _size(self, name: str) -> int:
        try:
            return (self._settings.recordings / name).stat().st_size
        except OSError:
            return 0


def said(keys: Mapping[str, Any]) -> dict[str, Seen]:
    """What the keys say, as far as they can be read."""
    found = {}
    for name, value in keys.items():
        try:
            found[name] = Seen(Look(value["state"]), str(value.get("detail", "")))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def seats(board: Mapping[str, Any] | None, faulty: int) -> Seen | None:
    """Of the agents who have signed in: down when none of them has a phone that can be reached."""
    if board is None:
        return None
    agents = board.get("agents")
    rows = agents.values() if isinstance(agents, dict) else ()
    states = [state for agent in rows if isinstance(agent, dict) and (state := str(agent.get("state"))) in SIGNED_IN]
    faults = states.count("fault")
    if faults and faults == len(states):
        return Seen(Look.DOWN, f"faulty={faults}")
    return Seen(Look.DEGRADED if faults >= faulty else Look.OK, f"faulty={faults}" if faults else "")


def unexplained(looks: Mapping[str, Seen], limits: Mapping[str, object]) -> dict[str, Seen]:
    """Without what follows from something else that is watched and bad: of that nobody can say how it is by itself."""
    hidden = {effect for cause, effects in EXPLAINS.items() for effect in effects
              if cause in limits and cause in looks and looks[cause].look is Look.DOWN}
    return {name: seen for name, seen in looks.items() if name not in hidden}
