"""When a backup is due, when the last one is too old, and which are kept (C8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crm.outages import backups
from crm.outages.backups import Made
from crm.outages.ladder import Look, Seen
from crm.outages.plan import BackupPlan

T = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


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


@pytest.mark.rule("C8", part="a folder that cannot be written to is told of")
def test_a_backup_that_cannot_even_be_cleared_away_has_failed_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "disk").write_text("no folder")      # as a disk that is mounted for reading only: nothing is made, nothing goes
    failed = backups.make(tmp_path / "disk", 2, T, lambda file: None, lambda file: 7)
    assert failed.error
    assert backups.look(BackupPlan(minute=210, keep=2, oldest_h=26), [failed], T, T).look is Look.DOWN
