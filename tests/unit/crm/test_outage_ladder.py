"""The ladder of outages (C2), with a clock that the test moves: who is told when, what is one outage, when it is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.board import BOARD_KEY
from callcenter.bus import KEPT_EVENTS, STREAM
from callcenter.clock import FakeClock
from callcenter.disk import DiskLimits
from callcenter.heartbeat import PREFIX, TTL_S
from callcenter.settings import CHECKOUT
from callcenter.site import load_site
from crm.outages import backups, ladder, story, telling, wire
from crm.outages.backups import Made
from crm.outages.guard import Guard, kept
from crm.outages.ladder import Acknowledged, Began, Ended, Happening, Limits, Look, Policy, Rung, Seen, State, Told
from crm.outages.looking import said, seats, unexplained
from crm.outages.plan import BackupPlan, Plan, plan_from, plan_of
from crm.outages.soundless import recordings
from crm.outages.story import BLOCK, RESERVE, STORY, TOLD, Log, happening_of, read, written
from crm.outages.ways import CLEAR, TRIES, VENDOR, Message, Tried, Way, due, next_try, story_of, wait
from crm.outages.words import Alarm

T = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
POLICY = Policy(
    rungs=(Rung(0, ("leader",)), Rung(300, ("supervisor",)), Rung(600, ("operations", "manager")),
           Rung(3600, ("manager",), vendor=True)),
    limits={"database": Limits(down_s=15), "seats": Limits(down_s=15, degraded_s=60)}, well_for_s=60, gap_s=15)


class Line:
    """A machine that is looked at every 5 s."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy, self.state, self.now, self.happened = policy, State(), T, list[Happening]()

    def look(self, seconds: float, **looks: Look) -> list[Happening]:
        """For so long, every 5 s, the last time at its end."""
        new: list[Happening] = []
        for _ in range(int(seconds // 5)):
            self.now += timedelta(seconds=5)
            self.state, found = ladder.step(self.policy, self.state, {name: Seen(look) for name, look in looks.items()}, self.now)
            new += found
        self.happened += new
        return new

    def told(self) -> list[tuple[float, tuple[str, ...]]]:
        began = next(one.began_at for one in self.happened if isinstance(one, Began))
        return [((one.at - began).total_seconds(), one.tell) for one in self.happened if isinstance(one, Told)]


@pytest.mark.rule("C2")
def test_each_rung_is_told_at_its_time_and_all_clear_ends_it() -> None:
    line = Line()
    line.look(30, database=Look.OK)
    line.look(4000, database=Look.DOWN)
    assert line.told() == [(15, ("leader",)), (300, ("supervisor",)), (600, ("operations", "manager")), (3600, ("manager",))]
    assert [one.vendor for one in line.happened if isinstance(one, Told)] == [False, False, False, True]
    recovered = line.now + timedelta(seconds=5)
    found = line.look(120, database=Look.OK)
    assert [type(one) for one in found] == [Ended]
    assert found[0] == Ended("database-20261123-040035", recovered + timedelta(seconds=60), recovered)
    assert line.look(600, database=Look.OK) == []


@pytest.mark.rule("C2")
def test_an_acknowledgement_is_shown_and_stops_no_rung() -> None:
    line = Line()
    line.look(30, database=Look.DOWN)
    outage = line.state.open["database"]
    line.state, taken = ladder.acknowledged(line.state, outage.outage_id, "anna", line.now)
    assert taken == [Acknowledged(outage.outage_id, line.now, "anna")]
    assert ladder.acknowledged(line.state, outage.outage_id, "bert", line.now)[1] == []
    assert line.state.open["database"].acknowledged_by == "anna"
    line.look(600, database=Look.DOWN)
    assert [seconds for seconds, _ in line.told()] == [15, 300, 600]


@pytest.mark.rule("C2")
def test_what_comes_and_goes_is_one_outage_and_a_hiccup_is_none() -> None:
    line = Line()
    line.look(10, database=Look.DOWN)
    line.look(120, database=Look.OK)
    line.look(10, database=Look.DOWN)
    assert line.happened == []                        # two hiccups, well in between
    for _ in range(10):
        line.look(20, database=Look.OK)               # never well for a minute
        line.look(10, database=Look.DOWN)
    assert [type(one) for one in line.happened if not isinstance(one, Told)] == [Began]
    line.look(60, database=Look.OK)
    assert not any(isinstance(one, Ended) for one in line.happened)
    line.look(10, database=Look.OK)
    assert isinstance(line.happened[-1], Ended)


def test_while_it_looks_well_no_rung_is_told_and_nobody_knows_is_not_well() -> None:
    line = Line()
    line.look(290, database=Look.DOWN)
    line.look(30, database=Look.OK)                   # 300 s pass meanwhile
    assert [seconds for seconds, _ in line.told()] == [15]
    line.look(5, database=Look.DOWN)
    assert [seconds for seconds, _ in line.told()] == [15, 320]
    assert line.look(280) == [Told(line.state.open["database"].outage_id, line.now, 2, 600, ("operations", "manager"))]
    assert "database" in line.state.open


def test_less_than_down_counts_by_its_own_limit() -> None:
    line = Line()
    line.look(3600, database=Look.DEGRADED)
    assert line.happened == []
    line.look(60, seats=Look.DEGRADED)
    assert line.happened == []
    line.look(5, seats=Look.DEGRADED)
    assert [one.component for one in line.happened if isinstance(one, Began)] == ["seats"]


Turn = tuple[Look | None, int, bool]
LOOKS = st.lists(st.tuples(st.sampled_from((Look.OK, Look.DEGRADED, Look.DOWN, None)), st.integers(1, 40), st.booleans()),
                 min_size=1, max_size=80)


@pytest.mark.rule("C2")
@given(LOOKS)
def test_no_rung_is_told_twice_early_or_out_of_turn_however_often_the_guard_dies(turns: list[Turn]) -> None:
    policy = Policy(tuple(Rung(after, ("leader",)) for after in (0, 30, 60, 360)), {"database": Limits(15, 60)}, 20, 15)
    state, now, lines, well_since = State(), T, list[str](), None
    for look, seconds, dies in turns:
        now += timedelta(seconds=seconds)
        if dies:     # what it wrote is all it has
            state = ladder.fold(one for line in lines if (one := happening_of(json.loads(line))) is not None)
        state, found = ladder.step(policy, state, {"database": Seen(look)} if look else {}, now)
        lines += [json.dumps(written(one)) for one in found]
        well_since = None if look is not Look.OK else now if dies else well_since or now
        if "database" in state.open and look in (Look.DOWN, Look.DEGRADED):
            outage = state.open["database"]
            reached = [rung for rung in policy.rungs if now >= outage.began_at + timedelta(seconds=rung.after_s)]
            assert outage.rungs == len(reached)       # told as soon as it is due and looks bad
        if well_since and (now - well_since).total_seconds() >= policy.well_for_s:
            assert "database" not in state.open
    story = story_of(one for line in lines if (one := happening_of(json.loads(line))) is not None)
    for ident, rungs in story.rungs.items():
        began = story.outages[ident].began_at
        assert [told.rung for told in rungs] == list(range(len(rungs)))
        assert all(told.at >= began + timedelta(seconds=told.after_s) for told in rungs)
    assert len(story.outages) - len(story.ended) in (0, 1)
    assert {one.outage_id for one in state.open.values()} == set(story.outages) - set(story.ended)


ROBOT = Way("robot:ops", "", ("leader", "supervisor"))
MAIL = Way("mail", "boss@example.com", ("manager",))
VENDOR_MAIL = Way("mail", "help@vendor.example", (VENDOR,), ("database",))


@pytest.mark.rule("C2")
def test_all_who_were_told_are_told_that_it_is_over_and_nobody_else() -> None:
    began = Began("database-1", "database", T, T)
    rungs = [Told("database-1", T, 0, 0, ("leader",)), Told("database-1", T, 1, 300, ("manager",)),
             Told("database-1", T, 2, 3600, ("operations",), vendor=True)]
    ways = (ROBOT, MAIL, VENDOR_MAIL)
    wanted = due(story_of([began, *rungs]), [], ways, T)
    assert [(one.what, one.channel, one.address) for one in wanted] == [
        ("0", "robot:ops", ""), ("1", "mail", "boss@example.com"), ("2", "mail", "help@vendor.example")]
    robot, boss, vendor = wanted
    tried = [Tried(robot, T), *(Tried(boss, T + timedelta(seconds=each), "smtp_451") for each in (0, 10))]
    assert due(story_of([began, *rungs]), tried, ways, T + timedelta(seconds=11)) == [vendor]
    assert next_try(story_of([began, *rungs]), tried, ways, T + timedelta(seconds=11)) == T + timedelta(seconds=40)
    over = story_of([began, *rungs, Ended("database-1", T, T)])
    assert due(over, tried, ways, T + timedelta(hours=1)) == [Message("database-1", CLEAR, "robot:ops", "")]
    assert due(over, [*tried, Tried(Message("database-1", CLEAR, "robot:ops", ""), T)], ways, T) == []
    assert due(over, tried, ways, T + timedelta(days=2)) == []
    given_up = [Tried(boss, T, "smtp_451")] * TRIES
    assert boss not in due(story_of([began, *rungs]), given_up, ways, T + timedelta(days=1))
    assert sum((wait(each) for each in range(1, TRIES)), timedelta()) < timedelta(hours=2)


def test_the_words_name_the_part_the_time_and_who_took_it_on() -> None:
    line = Line()
    line.look(30, database=Look.DOWN)
    line.state, _ = ladder.acknowledged(line.state, line.state.open["database"].outage_id, "anna", line.now)
    alarm = Alarm(line.state.open["database"], "3", "", T + timedelta(minutes=61), ("Kuaixiu 0512-555",))
    tz = ZoneInfo("Asia/Shanghai")
    assert alarm.subject("zh") == "【系统故障】数据库"
    assert "自 2026-11-23 12:00 起故障，已 60 分钟" in alarm.body("zh", tz)
    assert "Acknowledged by anna at 2026-11-23 12:00." in alarm.body("en", tz)
    assert "Call the vendor: Kuaixiu 0512-555" in alarm.body("en", tz)


def test_one_cause_is_one_outage_and_keys_that_cannot_be_read_say_nothing() -> None:
    bad = Seen(Look.DOWN)
    looks = {"asterisk": bad, "ami": bad, "trunk": bad, "database": bad, "redis": Seen(Look.OK)}
    assert set(unexplained(looks, {"asterisk": 1, "trunk": 1})) == {"asterisk", "database", "redis"}
    assert set(unexplained(looks, {"trunk": 1})) == set(looks)
    assert said({"acd": {"state": "ok"}, "crm": {"state": "odd"}, "agi": 7, "disk": {"state": "down", "detail": "free_gb=0"}}) == {
        "acd": Seen(Look.OK), "disk": Seen(Look.DOWN, "free_gb=0")}


@pytest.mark.rule("C1", "C2")
def test_seats_are_out_when_nobody_who_signed_in_can_be_rung() -> None:
    def board(*states: str) -> dict[str, object]:
        return {"agents": {str(place): {"state": state} for place, state in enumerate(states)}}

    assert seats(None, 2) is None
    assert seats(board("signed_out"), 2) == Seen(Look.OK)
    assert seats(board("fault", "ready", "ready"), 2) == Seen(Look.OK, "faulty=1")
    assert seats(board("fault", "ready", "fault"), 2) == Seen(Look.DEGRADED, "faulty=2")
    assert seats(board("fault", "signed_out"), 2) == Seen(Look.DOWN, "faulty=1")


@pytest.mark.rule("A8", "C2")
def test_a_talk_without_a_growing_recording_is_an_outage_of_recordings() -> None:
    begun = int(T.timestamp())
    lines = [f"{begun}|c1|repair|NONE|RECORDING|2026/c1.wav", f"{begun}|c1|repair|1001|CONNECT|1|x|1",
             f"{begun}|c2|repair|NONE|RECORDING|2026/c2.wav", "nonsense", f"{begun}|c2|repair|1002|CONNECT|1|y|1"]
    sizes = {"2026/c1.wav": 400_000, "2026/c2.wav": 44}

    def look(seconds: int) -> Seen:
        return recordings(lines, lambda file: sizes.get(file, 0), T + timedelta(seconds=seconds))

    assert look(20) == Seen(Look.OK)
    assert look(40) == Seen(Look.DOWN, "without_sound=1")
    lines.append(f"{begun + 35}|c2|repair|1002|COMPLETEAGENT|1|2|1")
    assert look(40) == Seen(Look.OK)


@pytest.mark.rule("C8")
def test_a_backup_is_due_once_a_day_and_again_every_hour_until_one_is_good(tmp_path: Path) -> None:
    plan, tz = BackupPlan(minute=210, keep=2, oldest_h=26), ZoneInfo("Asia/Shanghai")
    since = T                                                      # noon
    at = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)                # 3:30 there

    def is_due(now: datetime, *made: Made) -> bool:
        return backups.is_due(plan, made, since, now, tz)

    assert not is_due(T + timedelta(hours=1))
    assert not is_due(at - timedelta(seconds=1))
    assert is_due(at)
    good, bad = Made(at, "a"), Made(at, "a", "bad_backup")
    assert not is_due(at + timedelta(hours=23), good)
    assert is_due(at + timedelta(hours=24), good)
    assert not is_due(at + timedelta(minutes=59), bad)
    assert is_due(at + timedelta(minutes=60), bad)
    assert backups.look(plan, [], since, T + timedelta(hours=25)) == Seen(Look.OK, "none_yet")
    assert backups.look(plan, [], since, T + timedelta(hours=26)) == Seen(Look.DOWN, "age_h=26")
    assert backups.look(plan, [good, bad], since, at).detail == "failed:bad_backup"
    assert backups.look(plan, [bad, good], since, at + timedelta(hours=5)) == Seen(Look.OK, "age_h=5")

    def back_up(file: Path) -> None:
        file.write_text("all of it")

    for hour in range(4):
        assert backups.make(tmp_path, 2, T + timedelta(hours=hour), back_up, lambda file: 7).rows == 7
    kept = sorted(file.name for file in tmp_path.iterdir())
    assert kept == ["sixring-20261123-060000.backup", "sixring-20261123-070000.backup"]
    failed = backups.make(tmp_path, 2, T + timedelta(hours=9), back_up, lambda file: 1 // 0)
    assert (failed.error, sorted(file.name for file in tmp_path.iterdir())) == ("ZeroDivisionError", kept)


def test_the_guards_words_are_everybodys() -> None:
    assert (wire.HEALTH, wire.TTL_S, wire.STREAM, wire.KEPT_EVENTS, wire.BOARD) == (PREFIX, TTL_S, STREAM, KEPT_EVENTS, BOARD_KEY)
    plan = plan_of(load_site(CHECKOUT / "asterisk-config/site.yaml"))
    assert plan_from(json.loads(json.dumps(asdict(plan)))) == plan
    assert [rung.after_s for rung in plan.policy.rungs] == [0, 300, 600, 3600]


class Hand:
    """What the guard stands on, played by the test: looks, the bus, its helpers."""

    def __init__(self) -> None:
        self.looks: dict[str, Seen] = {}
        self.changing, self.status, self.started, self.said = False, 1, list[str](), list[tuple[str, dict[str, Seen]]]()

    def publish(self, outage: ladder.Outage, at: datetime, next_at: datetime | None) -> None:
        self.said.append((outage.outage_id, {}))

    def beat(self, looks: Mapping[str, Seen], since: Mapping[str, datetime]) -> None:
        self.said.append(("beat", dict(looks)))

    def start(self, what: str) -> Helped:
        self.started.append(what)
        return Helped(self.status)


@dataclass(frozen=True)
class Helped:
    status: int

    def poll(self) -> int:
        return self.status


@pytest.mark.rule("C2")
def test_what_is_only_starting_or_being_changed_is_no_outage_and_a_helper_that_fails_is_tried_more_and_more_seldom(
        tmp_path: Path) -> None:
    plan = Plan(5, 60, "Asia/Shanghai", POLICY, (ROBOT,), (), 2, DiskLimits(), 30, None)
    hand, clock = Hand(), FakeClock(T)
    guard = Guard(plan, tmp_path, lambda _: dict(hand.looks), hand, hand.start, lambda *_, **__: None, clock, lambda: hand.changing)
    guard.open()

    def look(seconds: int, look: Look) -> None:
        hand.looks = {"database": Seen(look)}
        for _ in range(seconds // 5):
            clock.advance(5)
            assert guard.step() <= plan.look_every_s

    look(55, Look.DOWN)
    assert kept(tmp_path).outages == {}               # it may only be starting
    look(10, Look.OK)
    hand.changing = True
    look(300, Look.DOWN)
    assert kept(tmp_path).outages == {}
    hand.changing = False
    look(20, Look.DOWN)
    assert [one.component for one in kept(tmp_path).outages.values()] == ["database"]
    assert hand.started == ["tell"]
    look(600, Look.DOWN)
    assert len(hand.started) == 6                     # after 10, 20, 40, 80, 160 s and a look each
    hand.status = 0                                   # well, but it has told nobody: the story was not on the disk
    look(600, Look.DOWN)
    assert len(hand.started) == 7                     # ten minutes after the last
    look(600, Look.DOWN)
    assert len(hand.started) == 8
    hand.changing = True                              # what is out stays out
    look(60, Look.DOWN)
    assert kept(tmp_path).ended == {}


def test_the_guard_imports_nothing_that_may_be_what_broke() -> None:
    heavy = {"pydantic", "redis", "structlog", "sqlalchemy", "yaml", "typer", "fastapi"}
    code = f"import sys, crm.outages.__main__; print(sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_story_outlasts_a_torn_line_and_a_full_disk(tmp_path: Path) -> None:
    file = tmp_path / "story.jsonl"
    log = Log(file)
    log.open()
    assert log.add([{"n": 1}])
    with file.open("a") as torn:
        torn.write('{"n": 2')                         # its writer was killed
    assert [line.said for line in read(file)] == [{"n": 1}]
    log = Log(file)
    log.open()
    kept_file = file.rename(tmp_path / "kept")
    file.symlink_to("/dev/full")
    assert (tmp_path / RESERVE).exists()
    assert not log.add([{"n": 3}])
    assert not (tmp_path / RESERVE).exists()          # given up for what has to be written
    file.unlink()
    kept_file.rename(file)                            # there is room again
    assert log.add([{"n": 4}])
    assert [(line.place, line.said["n"]) for line in read(file)] == [(1, 1), (2, 3), (3, 4)]
    assert len({line.file for line in read(file)}) == 1


class Full:
    """A disk without room: a line is taken for each block of the reserve that was given up."""

    def __init__(self, reserve: Path) -> None:
        self._reserve, self._size = reserve, reserve.stat().st_size

    def write(self, handle: int, data: bytes) -> int:
        size = self._reserve.stat().st_size if self._reserve.exists() else 0
        if size >= self._size:
            raise OSError(28, "No space left on device")
        if data.strip():
            self._size = size
        return os.write(handle, data)


@pytest.mark.rule("C2")
def test_on_a_full_disk_everybody_is_told_once_while_there_is_a_reserve_and_nobody_again_and_again(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site: Any = load_site(CHECKOUT / "asterisk-config/site.yaml")
    ways = tuple(Way(f"robot:{name}", "", ("leader",)) for name in "abc")
    heard: list[str] = []
    channels: Any = {way.channel: SimpleNamespace(send=lambda *_, to=way.channel: heard.append(to)) for way in ways}
    monkeypatch.setattr(telling, "plan_of", lambda _: SimpleNamespace(ways=ways))
    log = Log(tmp_path / STORY)
    log.open()
    assert log.add([written(Began("x", "database", T, T)), written(Told("x", T, 0, 0, ("leader",)))])
    Log(tmp_path / TOLD).open()
    os.truncate(tmp_path / RESERVE, 2 * BLOCK)
    disk = Full(tmp_path / RESERVE)
    monkeypatch.setattr(Log, "_reserve", lambda _: None)
    monkeypatch.setattr(story, "os", SimpleNamespace(**{**vars(os), "write": disk.write}))
    for _ in range(3):
        with pytest.raises(OSError, match="the disk would not take"):
            telling.tell(tmp_path, site, channels, FakeClock(T))
    assert heard == ["robot:a", "robot:b"]
    assert (tmp_path / TOLD).read_bytes().endswith(b"}\n")
    monkeypatch.setattr(story, "os", os)                  # there is room again
    telling.tell(tmp_path, site, channels, FakeClock(T))
    assert heard == ["robot:a", "robot:b", "robot:c"]
