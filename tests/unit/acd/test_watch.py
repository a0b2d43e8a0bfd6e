"""The watch goes on whatever one of its figures does."""

from __future__ import annotations

import asyncio
import errno
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from redis.exceptions import RedisError

from acd.health.watch import Watch, WatchPlan
from callcenter.bus import Bus
from callcenter.clock import FakeClock
from callcenter.events import Health, HealthChanged

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PATIENCE_S = 60


class Away:
    def pipeline(self, *, transaction: bool) -> None:
        raise RedisError


@pytest.mark.rule("C2")
def test_a_disk_that_cannot_be_asked_is_down_and_the_watch_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage, asked, told = shutil.disk_usage, list[Path](), list[HealthChanged]()

    def broken_at_first(path: Path) -> object:
        asked.append(path)
        if len(asked) == 1:
            raise OSError(errno.EIO, "the disk of the recordings does not answer")
        return usage(path)

    monkeypatch.setattr(shutil, "disk_usage", broken_at_first)
    watch = Watch([], cast(Bus, SimpleNamespace(redis=Away())), WatchPlan("loopback", tmp_path, every_s=0.01), FakeClock(NOW),
                  told.append)

    def of_the_disk() -> list[tuple[Health, str]]:
        return [(one.health.state, one.health.detail.partition("=")[0]) for one in told if one.health.component == "disk"]

    async def scene() -> None:
        running = asyncio.create_task(watch.run())
        while not running.done() and len(of_the_disk()) < 2:
            await asyncio.sleep(0.01)
        assert not running.done(), "it has ended"
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(scene(), PATIENCE_S))
    assert of_the_disk()[0] == (Health.DOWN, "unreadable")
    assert of_the_disk()[1][1] == "free_gb"
