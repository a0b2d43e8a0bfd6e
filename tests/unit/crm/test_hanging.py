"""What hangs: a process whose main loop stands still, a server that answers nobody, a disk that a day's recordings would fill."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callcenter.disk import GIGABYTE, MEGABYTE, DiskLimits, RecordedDays, verdict
from callcenter.settings import CHECKOUT, Settings, new_settings
from callcenter.sign import EVERY_S, Sign, sign_of, silent_for, since_boot
from callcenter.site import load_site
from crm.outages import probes
from crm.outages.ladder import Limits, Look, Seen
from crm.outages.looking import Looker
from crm.outages.plan import plan_of
from crm.outages.wire import RedisAway
from crm.patience import SILENT_S, DatabaseHangs, until_it_hangs

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
OK, HANGS = Seen(Look.OK), Seen(Look.DOWN, "hangs")


def test_a_sign_is_given_now_and_then_and_no_wall_clock_nor_another_boot_makes_it_old_or_young(tmp_path: Path) -> None:
    now = 1000.0
    sign = Sign(tmp_path, "acd", lambda: now)
    assert silent_for(tmp_path, "acd", now) is None
    sign.give()
    now += EVERY_S / 2
    sign.give()
    assert silent_for(tmp_path, "acd", now) == EVERY_S / 2
    now += EVERY_S
    sign.give()
    assert silent_for(tmp_path, "acd", now) == 0
    assert silent_for(tmp_path, "acd", 5.0) is None, "the machine was started since"
    (tmp_path / "run/crm.sign").mkdir()
    Sign(tmp_path, "crm").give()      # a state folder that is spoilt ends nobody


class Bus:
    """Of the guard: Redis, there or away, with what the keys say."""

    answers_since: float | None = 0.0

    def __init__(self, keys: dict[str, Any] | None) -> None:
        self.keys = keys

    def health(self) -> dict[str, Any]:
        if self.keys is None:
            raise RedisAway("ConnectionRefusedError")
        return self.keys


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """acd and crm run, for long: the test says they are the machine's first process."""
    run = tmp_path / "run"
    run.mkdir()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    born = Path("/proc/1/stat").read_text().rpartition(") ")[2].split()[19]
    for name in ("acd", "crm"):
        (run / f"{name}.pid").write_text(f"{boot} 1 {born}\n")
    return new_settings(tmp_path, offset=0, site_file=CHECKOUT / "asterisk-config/site.yaml")


@pytest.mark.rule("C2", "C3")
def test_a_process_that_hangs_is_seen_with_and_without_redis_and_one_that_gives_no_sign_at_all_is_believed(
        settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(load_site(settings.site_file))
    watches = ("acd", "crm", "database")
    plan = replace(plan, policy=replace(plan.policy, limits={name: Limits(1) for name in watches}), hangs_s=30)
    database = OK
    monkeypatch.setattr(probes, "database", lambda _: database)

    def look(keys: dict[str, Any] | None) -> dict[str, Seen]:
        bus: Any = Bus(keys)
        found = Looker(settings, bus, plan).look(NOW)
        return {name: found[name] for name in watches if name in found}

    def signs(acd_s: float, crm_s: float) -> None:
        for name, ago in (("acd", acd_s), ("crm", crm_s)):
            file = sign_of(settings.state, name)
            file.touch()
            os.utime(file, (since_boot() - ago,) * 2)

    say_well = {name: {"state": "ok"} for name in watches}
    assert look(None) == {"acd": OK, "crm": OK, "database": OK}, "of an older version"
    signs(1, 1)
    assert look(None) == look(say_well) == {"acd": OK, "crm": OK, "database": OK}
    signs(31, 1)
    assert look(None)["acd"] == look(say_well)["acd"] == HANGS
    signs(1, 31)
    assert look(None)["crm"] == look(say_well)["crm"] == HANGS
    database = Seen(Look.DOWN, "TimeoutError")
    assert look(None) == {"acd": OK, "database": database}, "crm waits for the database: one cause is one outage"
    (settings.state / "run/acd.pid").unlink()
    assert look(None)["acd"] == Seen(Look.DOWN, "gone")


def waits(log: list[int]) -> Generator[int, int, str]:
    """A driver's wait: for reading, until something came."""
    while True:
        ready = yield 1
        log.append(ready)
        if ready == 7:
            return "rows"


@pytest.mark.rule("C2")
def test_a_long_statement_is_waited_for_as_long_as_the_server_answers_others_and_no_longer() -> None:
    now, alive, heard, asked = 0.0, True, list[int](), list[float]()

    def answers() -> bool:
        asked.append(now)
        return alive

    waiting = until_it_hangs(waits(heard), answers, lambda: now)
    assert next(waiting) == 1
    for _ in range(60):
        now += 1
        assert waiting.send(0) == 1
    assert asked == [SILENT_S * each for each in range(1, 13)]
    waiting.send(1)                  # a part of the answer: from now on anew
    alive = False
    for _ in range(int(SILENT_S) - 1):
        now += 1
        waiting.send(0)
    now += 1
    with pytest.raises(DatabaseHangs):
        waiting.send(0)
    done = until_it_hangs(waits(heard), answers, lambda: now)
    next(done)
    with pytest.raises(StopIteration) as end:
        done.send(7)
    assert end.value.value == "rows"


@pytest.mark.rule("A8", "C2")
def test_a_disk_has_little_room_when_a_day_like_yesterday_or_a_week_ago_does_not_fit(tmp_path: Path) -> None:
    for day, size in (("22", 3), ("16", 7), ("15", 90)):
        folder = tmp_path / f"2026/11/{day}"
        folder.mkdir(parents=True)
        for each in range(2):
            (folder / f"{each}.wav").touch()
            os.truncate(folder / f"{each}.wav", size * MEGABYTE)
    days = RecordedDays(tmp_path)
    assert days.bytes(NOW) == 14 * MEGABYTE
    limits = DiskLimits(little=2 * GIGABYTE, none=GIGABYTE, days=2)
    assert verdict(3 * GIGABYTE, limits) == ("ok", "free_gb=3")
    assert verdict(3 * GIGABYTE, limits, 2 * GIGABYTE) == ("degraded", "free_gb=3 day_gb=2.0")
    assert verdict(2 * GIGABYTE - 1, limits, 14)[0] == "degraded"
    assert verdict(GIGABYTE - 1, limits)[0] == "down"
    full = probes.disk((tmp_path / "not" / "there", tmp_path), DiskLimits(1, 1, 0), 0)
    assert full.look is Look.OK
