"""Outside business hours callers take the night menu (A12)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hotline.instance import Hotline, free_offset
from hotline.line import Line
from hotline.sites import TestSite

pytestmark = pytest.mark.asyncio(loop_scope="function")

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
CLOSED = {"night": TestSite(open_all_day=False),
          "holiday": TestSite(closed_days=[(TODAY + timedelta(days=days)).isoformat() for days in (0, 1)])}     # it may be midnight


@pytest_asyncio.fixture(loop_scope="function", params=sorted(CLOSED))
async def closed_line(request: pytest.FixtureRequest, tmp_path: Path, sounds: Path) -> AsyncIterator[Line]:
    with free_offset() as offset:
        async with Hotline(tmp_path, CLOSED[request.param].text(), offset, sounds=sounds) as hotline, \
                hotline.phones() as phones:
            yield Line(hotline, phones, sounds)


@pytest.mark.rule("A12")
async def test_a_caller_outside_the_hours_takes_the_night_menu_and_may_still_reach_the_duty_seat(
        closed_line: Line) -> None:
    seat = await closed_line.seat("1001")
    guest = await closed_line.call()
    await guest.hears("welcome-night")
    await guest.presses("1")
    assert (await guest.has("MENU")).data == ("night", "1")
    await seat.rings()
