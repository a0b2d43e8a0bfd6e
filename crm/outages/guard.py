"""The guard (C2): looks, keeps the story, has the rungs told, says it to the bus, has backups made. A small process of its own.

It stands on the machine, the state folder and Python's standard library: not on the database, Redis, crm or the site file's
reader. What needs more (sending, backing up) is a process that it starts and that ends.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from callcenter.clock import Clock
from crm.outages import backups, ladder
from crm.outages.ladder import Ended, Happening, Outage, Seen, State
from crm.outages.plan import Plan
from crm.outages.story import STORY, TOLD, Log, happening_of, read, written
from crm.outages.ways import TOLD_FOR, Story, Tried, due, next_try, story_of, tried_of
from crm.outages.wire import RedisAway

FOLDER: Final = "guard"            # of the state folder
INBOX: Final = "inbox"
SHORTEST_S: Final = 0.05
AGAIN_S, LONGEST_S = 10, 600              # a helper that failed is started anew after 10 s, 20 s … 10 min
TOLD_AGAIN_FOR: Final = timedelta(hours=1)
OWN: Final = ("network", "seats", "backup")   # components that nobody else has a key for


class Helper(Protocol):
    def poll(self) -> int | None: ...


class Bus(Protocol):
    """`wire.Wire`; each raises RedisAway."""

    def publish(self, outage: Outage, at: datetime, next_at: datetime | None) -> None: ...
    def beat(self, looks: Mapping[str, Seen], since: Mapping[str, datetime]) -> None: ...


class Guard:
    def __init__(self, plan: Plan, folder: Path, look: Callable[[datetime], dict[str, Seen]], bus: Bus,
                 start: Callable[[str], Helper], say: Callable[..., None], clock: Clock,
                 is_changing: Callable[[], bool] = lambda: False) -> None:
        """`start` begins a helper: `tell` or `backup`. `say` writes a line into the log. `is_changing`: `sixring up` is at work."""
        self._is_changing = is_changing
        self._plan, self._folder, self._look, self._bus, self._start, self._say = plan, folder, look, bus, start, say
        self._clock, self._tz = clock, ZoneInfo(plan.timezone)
        self._log = Log(folder / STORY)
        self._state = State()
        self._happened: list[Happening] = []          # of outages that go on, or ended within a day
        self._ended: dict[str, Outage] = {}           # to be said on the bus
        self._tried: list[Tried] = []
        self._made: list[backups.Made] = []
        self._sizes: dict[str, int] = {}
        self._helpers: dict[str, Helper] = {}
        self._asked: dict[str, frozenset[object]] = {}      # what each was started for
        self._not_before: dict[str, datetime] = {}
        self._failed: dict[str, int] = {}             # times in a row
        self._since: dict[str, tuple[ladder.Look, datetime]] = {}
        self._began: datetime = clock.now()           # when this instance had its first guard
        self._started: datetime = clock.now()         # this one
        self._was_well: set[str] = set()

    def open(self) -> None:
        """Takes the story up where it was left. Raises OSError."""
        (self._folder / INBOX).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._log.open()
        self._began = _begun(self._folder / "since", self._clock.now())
        self._happened = happened(self._folder)
        self._state = ladder.fold(self._happened)
        self._forget(self._clock.now())
        story = story_of(self._happened)
        self._ended = {ident: story.outages[ident] for ident, at in story.ended.items() if self._clock.now() - at <= TOLD_AGAIN_FOR}

    def run(self, stop: threading.Event) -> None:
        wait = 0.0
        while not stop.wait(wait):
            wait = self.step()

    def step(self) -> float:
        """One look and what follows; seconds until the next."""
        now = self._clock.now()
        self._read_results()
        looks = self._look(now)
        if self._plan.backup is not None:
            looks["backup"] = backups.look(self._plan.backup, self._made, self._began, now)
        self._state, new = ladder.step(self._plan.policy, self._state, self._settled(looks, now), now)
        self._keep([*new, *self._letters(now)])
        self._forget(now)
        story = story_of(self._happened)
        self._help("tell", lambda: frozenset(one.key for one in due(story, self._tried, self._plan.ways, now)), now)
        self._help("backup", lambda: self._backups_due(now), now)
        self._speak(looks, now)
        return self._wait(story, now)

    def _settled(self, looks: Mapping[str, Seen], now: datetime) -> dict[str, Seen]:
        """Without what may only be starting: `sixring up` begins everything at once, the guard too, and an update ends crm and
        dashboard for as long as the database takes."""
        well = {name for name, seen in looks.items() if seen.look is ladder.Look.OK} | set(self._state.open)
        self._was_well |= well
        if self._is_changing():
            return {name: seen for name, seen in looks.items() if name in well}
        begins = (now - self._started).total_seconds() < self._plan.starting_s
        return {name: seen for name, seen in looks.items() if not begins or name in self._was_well}

    def _keep(self, new: list[Happening]) -> None:
        before = {one.outage_id: one for one in story_of(self._happened).outages.values()}
        self._happened += new
        if not self._log.add(written(one) for one in new):
            self._say("story_not_written", lines=len(new))
        for one in new:
            said = written(one)
            self._say(f"outage_{said.pop('what').lower()}", **said)
            if isinstance(one, Ended) and (outage := before.get(one.outage_id)) is not None:
                self._ended[one.outage_id] = ladder.after(outage, one) or outage

    def _letters(self, now: datetime) -> list[Happening]:
        """Who acknowledged on the page or by command: files, each taken once."""
        found: list[Happening] = []
        try:
            files = sorted((self._folder / INBOX).glob("*.json"))
        except OSError:
            return found
        for file in files:
            try:
                said = json.loads(file.read_text())
                self._state, taken = ladder.acknowledged(self._state, str(said["outage_id"]), str(said["by"])[:40], now)
                found += taken
            except (OSError, ValueError, KeyError, TypeError):
                self._say("letter_unreadable", file=file.name)
            file.unlink(missing_ok=True)
        return found

    def _read_results(self) -> None:
        if self._grew(TOLD):
            self._tried = tries(self._folder)
        if self._grew(backups.BACKUPS):
            self._made = [one for line in read(self._folder / backups.BACKUPS) if (one := backups.made_of(line.said)) is not None]

    def _grew(self, name: str) -> bool:
        try:
            size = (self._folder / name).stat().st_size
        except OSError:
            return False
        before, self._sizes[name] = self._sizes.get(name), size
        return size != before

    def _backups_due(self, now: datetime) -> frozenset[object]:
        plan = self._plan.backup
        return frozenset({"backup"} if plan is not None and backups.is_due(plan, self._made, self._began, now, self._tz) else ())

    def _help(self, what: str, wanted: Callable[[], frozenset[object]], now: datetime) -> None:
        """One at a time. One that ends well and has done nothing of what it was started for has failed too: it cannot read what is
        not on the disk, and would be started again at every look."""
        running = self._helpers.get(what)
        if running is not None:
            if (status := running.poll()) is None:
                return
            del self._helpers[what]
            self._read_results()      # it may have ended after they were read
            if status != 0:
                self._failed_again(what, now, f"status_{status}")
            elif self._asked[what] <= wanted():
                self._failed_again(what, now, "nothing_done")
            else:
                self._failed.pop(what, None)
        if now >= self._not_before.get(what, now) and (asked := wanted()):
            self._asked[what] = asked
            try:
                self._helpers[what] = self._start(what)
            except OSError as error:
                self._failed_again(what, now, type(error).__name__)

    def _failed_again(self, what: str, now: datetime, error: str) -> None:
        self._say("helper_failed", helper=what, error=error)
        times = self._failed[what] = self._failed.get(what, 0) + 1
        self._not_before[what] = now + timedelta(seconds=min(AGAIN_S * 2 ** (times - 1), LONGEST_S))

    def _speak(self, looks: Mapping[str, Seen], now: datetime) -> None:
        own = {name: looks[name] for name in OWN if name in looks} | {"guard": Seen(ladder.Look.OK)}
        for name, seen in own.items():
            if self._since.get(name, (None, now))[0] is not seen.look:
                self._since[name] = seen.look, now
        try:
            self._bus.beat(own, {name: at for name, (_, at) in self._since.items()})
            for outage in self._state.open.values():
                left = outage.rungs < len(self._plan.policy.rungs)
                self._bus.publish(outage, now, ladder.rung_at(self._plan.policy, outage, outage.rungs) if left else None)
            for ident, outage in list(self._ended.items()):
                self._bus.publish(outage, now, None)
                del self._ended[ident]
        except RedisAway:
            pass      # the look says so; what is open is said at every look, and what ended when Redis is there

    def _wait(self, story: Story, now: datetime) -> float:
        moments = [ladder.next_at(self._plan.policy, self._state), next_try(story, self._tried, self._plan.ways, now)]
        left = [(moment - now).total_seconds() for moment in moments if moment is not None and moment > now]
        spent = (self._clock.now() - now).total_seconds()
        return max(SHORTEST_S, min([self._plan.look_every_s, *left]) - max(0.0, spent))

    def _forget(self, now: datetime) -> None:
        """Of what ended a day ago nothing follows any more; its lines stay in the file."""
        gone = {ident for ident, at in story_of(self._happened).ended.items() if now - at > TOLD_FOR}
        if gone:
            self._happened = [one for one in self._happened if one.outage_id not in gone]


def happened(folder: Path) -> list[Happening]:
    return [one for line in read(folder / STORY) if (one := happening_of(line.said)) is not None]


def kept(folder: Path) -> Story:
    return story_of(happened(folder))


def tries(folder: Path) -> list[Tried]:
    return [one for line in read(folder / TOLD) if (one := tried_of(line.said)) is not None]


def _begun(file: Path, now: datetime) -> datetime:
    """Since when this instance has a guard: before, no backup was due."""
    try:
        return datetime.fromisoformat(file.read_text().strip())
    except (OSError, ValueError):
        file.write_text(now.isoformat() + "\n")
        return now


def letter(folder: Path, outage_id: str, by: str) -> None:
    """An acknowledgement on its way to the guard; the same one twice is one. Raises OSError."""
    said: dict[str, Any] = {"outage_id": outage_id, "by": by}
    file = folder / INBOX / f"{outage_id}.json"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(said, ensure_ascii=False))
    part.replace(file)
