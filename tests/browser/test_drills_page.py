"""A drill from its page in a real Chromium: begun, stopped, summed up, noted; on the wall its callers are marked and not counted.

`SIXRING_SCREENSHOTS=<folder>` keeps the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from wall.chromium import LAPTOP, NEEDS, WALL, picture
from wall.orders import OrdersReader
from wall.rig import DashboardThread, Floor, running_here, signed_in
from wall.scene import COMPONENTS
from wall.team import TEAM, staffed_floor

from callcenter.events import Call, CallChanged, CallState, DrillChanged
from callcenter.roles import Role
from callcenter.settings import Settings
from callcenter.site import load_site
from callcenter.storm import Drill
from crm.database import open_database
from crm.drills import service
from crm.drills.models import DrillCallRow
from crm.drills.scenario import Scenario
from crm.reports.service import rules_of
from crm.staff.actor import SYSTEM

pytestmark = [*NEEDS, pytest.mark.rule("H12", part="the page, and the wall's mark on each call")]

Rig = tuple[DashboardThread, Floor, dict[str, str], Settings]
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_here(tmp_path_factory.mktemp("drills"), TEAM) as (store, settings, dashboard), OrdersReader(store.url), \
            signed_in(dashboard.url, Role.SUPERVISOR) as client:
        floor = Floor(store.url)
        floor.publish(*staffed_floor(datetime.now(UTC)))      # more callers than the wall has rows, and a drill's come last
        floor.write_board()
        floor.write_health(*COMPONENTS)
        held(settings, waits=9.0)
        yield dashboard, floor, dict(client.cookies), settings
        floor.close()


def held(settings: Settings, *, waits: float, drill_id: int | None = None) -> None:
    """A drill that was held, or the end of one that is on: three of its callers were answered, two gave up."""
    database, site = open_database(settings.database_url), load_site(settings.site_file)
    with database.writing.begin() as session:
        if drill_id is None:
            scenario = Scenario(name="雨季前演练", calls_a_minute=6, keys=("1", "2"), talk=40)
            drill_id = service.begin(session, site, SYSTEM, scenario, "检查后备座席", AT).id
        for number in range(1, 6):
            answered = AT + timedelta(seconds=waits) if number <= 3 else None
            session.add(DrillCallRow(
                call_id=f"drill-{drill_id}-node1-1.{number}", drill_id=drill_id, number=number, node="node1", entered_at=AT,
                queued_at=AT, queue=("repair", "complaint")[number % 2], stage=int(number > 3), answered_at=answered, ended_at=AT,
                rang_at=None, outcome="answered" if answered else "abandoned", wait_s=waits if answered else 42,
                talk_s=40 if answered else None, fold={}))
        row = service.held(session, drill_id)
        if row.state == "running":
            service.call_off(row, "done", AT)
        row.asked, row.refused = 5, {"cap": 1}
        service.end(session, row, rules_of(site), AT + timedelta(minutes=10))
    database.close()


def opened(browser: Browser, rig: Rig, size: tuple[int, int], language: str, path: str) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": name, "value": value, "url": rig[0].url} for name, value in rig[2].items()])
    context.add_init_script(f"localStorage.setItem('sixring.language', '{language}')")
    page = context.new_page()
    page.goto(rig[0].url + path)
    return page


def test_a_drill_is_begun_stopped_noted_and_compared_and_its_callers_are_marked_on_the_wall(browser: Browser, rig: Rig) -> None:
    _, floor, _, settings = rig
    now = datetime.now(UTC)
    page = opened(browser, rig, LAPTOP, "zh", "/drills")
    expect(page.locator("[data-test=figures]")).to_contain_text("平均等待（秒）")
    expect(page.locator("[data-field=name]")).to_have_value("雨季前演练")
    page.locator("[data-field=agents]").fill("5")
    page.locator("[data-field=reason]").fill("检查改进")
    page.locator("[data-act=begin]").click()
    expect(page.locator("[data-test=on]")).to_contain_text("雨季前演练")
    floor.publish(
        DrillChanged(now, Drill(2, "雨季前演练", now, "supervisor", 12)),
        *(CallChanged(now, "queued", Call(f"drill-2-node1-{int(now.timestamp())}.{number}", state, now, now - timedelta(seconds=8),
                                          queue="repair", queued_at=now - timedelta(seconds=8)))
          for number, state in ((1, CallState.QUEUED), (2, CallState.TALKING), (3, CallState.QUEUED))))
    expect(page.locator("[data-test=drill]")).to_contain_text("演练来电 12")
    picture(page, "drills-on-zh")
    wall = opened(browser, rig, WALL, "zh", "/")
    expect(wall.locator("[data-test=drill-calls]")).to_have_text("演练来电 3")
    picture(wall, "drills-wall-zh")
    page.locator("[data-act=stop]").click()
    expect(page.locator("[data-act=stop]")).to_have_text("正在停止")     # disabled alone, its order is still on its way
    held(settings, waits=6.0, drill_id=2)
    expect(page.locator("[data-test=on]")).to_have_count(0)
    expect(page.locator("[data-drill='2']")).to_contain_text("人工停止")
    expect(page.locator("[data-figure=mean_wait_s]")).to_contain_text("−3")
    expect(page.locator("[data-drill='2']")).to_contain_text("参数不同：座席数")
    page.locator("[data-field=note]").fill("后备座席接得慢，名单要补")
    page.locator("[data-act=note]").click()
    expect(page.locator("[data-drill='2'] li")).to_contain_text("名单要补")
    picture(page, "drills-zh")
    english = opened(browser, rig, LAPTOP, "en", "/drills")
    expect(english.locator("[data-drill='2']")).to_contain_text("Compared with drill 1")
    picture(english, "drills-en")
