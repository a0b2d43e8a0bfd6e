"""The wallboard in a real Chromium, on a dashboard process of its own, a real Redis and a real database.

`SIXRING_SCREENSHOTS=<folder>` keeps the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hotline.own_redis import Redis
from playwright.sync_api import Browser, Page, WebSocket, expect
from wall.chromium import NEEDS, WALL, chinese_page, enter, picture
from wall.rig import DashboardProcess, Floor, running
from wall.scene import COMPONENTS, busy_floor, call, seat

from callcenter.events import (
    CallChanged,
    CallEnded,
    CallState,
    ComponentHealth,
    Figures,
    FiguresUpdated,
    Health,
    HealthChanged,
    SeatChanged,
    SeatState,
)
from callcenter.roles import Role
from callcenter.settings import Settings

pytestmark = [*NEEDS]

Rig = tuple[Redis, Settings, DashboardProcess]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running(tmp_path_factory.mktemp("wallboard")) as made:
        yield made


@pytest.fixture
def floor(rig: Rig) -> Iterator[Floor]:
    made = Floor(rig[0].url)
    made.publish(*busy_floor(datetime.now(UTC)))
    made.write_board()
    made.write_health(*COMPONENTS)
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with chinese_page(browser, WALL) as opened:
        yield opened


def sign_in(page: Page, url: str, role: Role = Role.SUPERVISOR) -> None:
    enter(page, url, role)


def test_nothing_is_shown_and_no_feed_is_opened_before_the_sign_in(page: Page, rig: Rig, floor: Floor) -> None:
    feeds: list[WebSocket] = []
    page.on("websocket", lambda feed: feeds.append(feed))
    page.goto(rig[2].url)
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    page.locator("[name=name]").fill("supervisor")
    page.locator("[name=password]").fill("not this one")
    page.locator("[type=submit]").click()
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")
    expect(page.locator("[data-call]")).to_have_count(0)
    assert feeds == []


def test_a_role_that_may_not_see_the_board_gets_its_tickets_and_no_board(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url, Role.ENGINEER)
    expect(page.get_by_role("region", name="工单")).to_be_visible()
    expect(page.locator("[data-queue]")).to_have_count(0)


@pytest.mark.rule("A1", part="the wallboard's headline")
def test_the_headline_is_the_share_answered_in_two_rings_and_changes_live(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    headline = page.locator("[data-test=headline]")
    expect(headline).to_have_text("93.8%")
    for queue in ("repair", "complaint", "enquiry"):
        floor.publish(FiguresUpdated(datetime.now(UTC), Figures(queue, offered=10, answered=10, answered_in_2_rings=0.7)))
    expect(headline).to_have_text("70.0%")
    expect(headline).to_have_class("rate figure tone-bad")


def test_a_call_is_followed_from_the_queue_to_the_seat_to_its_end(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    repair = page.locator("[data-queue=repair] .waiting")
    expect(repair).to_have_text("2")
    now = datetime.now(UTC)
    waiting = call(60, CallState.QUEUED, now, 1, queue="repair", name="何梅", room="松涛苑 1栋1单元101")
    floor.publish(CallChanged(now, "queued", waiting))
    row = page.locator(f'[data-call="{waiting.call_id}"]')
    expect(repair).to_have_text("3")
    expect(row).to_contain_text("何梅 · 松涛苑 1栋1单元101")
    expect(row.locator(".tick")).to_have_count(6)
    talking = call(60, CallState.TALKING, now, 6, queue="repair", name="何梅", room="松涛苑 1栋1单元101", on="1201", talked_s=0)
    floor.publish(CallChanged(now, "answered", talking),
                  SeatChanged(now, seat("1201", SeatState.TALKING, now, talking.call_id)))
    expect(repair).to_have_text("2")
    expect(page.locator('[data-seat="1201"]')).to_contain_text("通话")
    expect(page.locator('[data-seat="1201"] .whom')).to_have_text("何梅 · 松涛苑 1栋1单元101")
    floor.publish(CallEnded(now, talking.call_id, "answered", "repair"), SeatChanged(now, seat("1201", SeatState.READY, now)))
    expect(row).to_have_count(0)
    expect(page.locator('[data-seat="1201"]')).to_contain_text("空闲")


@pytest.mark.rule("A2", part="what the wallboard shows of it")
def test_a_wait_fills_six_rings_and_then_says_that_backup_seats_ring(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    now = datetime.now(UTC)
    fifth = call(61, CallState.RINGING, now, 18, queue="enquiry")
    floor.publish(CallChanged(now, "rang", fifth))
    ticks = page.locator(f'[data-call="{fifth.call_id}"] .ticks')
    expect(ticks).to_have_attribute("aria-label", "已等 4 响，共 6 响")
    expect(ticks).to_have_class("ticks tone-bad")
    expect(ticks).to_have_attribute("aria-label", "已等 5 响，共 6 响")
    floor.publish(CallChanged(now, "overflowed", call(61, CallState.RINGING, now, 31, queue="enquiry", stage=1)))
    expect(page.locator(f'[data-call="{fifth.call_id}"]')).to_contain_text("后备")
    expect(page.locator("[data-queue=enquiry]")).to_contain_text("后备响铃中")


def test_a_component_that_is_down_is_seen_at_once_and_gone_when_it_is_well(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    expect(page.locator("[data-component=trunk]")).to_contain_text("正常")
    expect(page.get_by_role("alert")).to_have_count(0)
    now = datetime.now(UTC) + timedelta(seconds=1)
    floor.publish(HealthChanged(now, ComponentHealth("trunk", Health.DOWN, now)))
    expect(page.get_by_role("alert")).to_contain_text("中继线路故障")
    floor.publish(HealthChanged(now, ComponentHealth("trunk", Health.OK, now)))
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_whose_server_was_killed_says_since_when_and_comes_back_by_itself_with_nothing_missing(
        page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    gone = page.locator('[data-call="node1-1763800000.41"]')
    expect(gone).to_have_count(1)
    page.evaluate("window.sameDocument = true")
    rig[2].kill()
    expect(page.get_by_role("alert")).to_contain_text("数据停在")
    picture(page, "feed-lost")
    now = datetime.now(UTC)
    missed = call(62, CallState.QUEUED, now, 1, queue="complaint", name="许婷", room="江湾 A座101")
    floor.publish(CallEnded(now, "node1-1763800000.41", "answered"), CallChanged(now, "queued", missed))
    rig[2].start()
    expect(page.get_by_role("status")).to_have_text("实时")
    expect(gone).to_have_count(0)
    expect(page.locator(f'[data-call="{missed.call_id}"]')).to_contain_text("许婷")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("window.sameDocument") is True


@pytest.mark.rule("K1", part="the wallboard's part only")
def test_a_screen_on_the_wall_shows_no_caller(page: Page, rig: Rig, floor: Floor) -> None:
    frames: list[str] = []
    page.on("websocket", lambda feed: feed.on("framereceived", lambda frame: frames.append(str(frame))))
    sign_in(page, rig[2].url, Role.WALLBOARD)
    expect(page.locator("[data-call]").first.locator("strong")).to_have_text("紧急报修")
    shown = page.locator("body").inner_text() + "".join(frames)
    assert "陈静" in shown
    for private in ("王秀兰", "云栖 3栋1单元1201", "13800138001", "138 0013 8001"):
        assert private not in shown


def test_the_language_is_switched_and_remembered(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("Answered in 2 rings")).to_be_visible()
    expect(page.locator("[data-queue=repair]")).to_contain_text("Repairs")
    page.reload()
    expect(page.get_by_text("Answered in 2 rings")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"


def test_signing_out_ends_the_feed_and_leads_back_to_the_form(page: Page, rig: Rig, floor: Floor) -> None:
    sign_in(page, rig[2].url)
    expect(page.locator("[data-call]").first).to_be_visible()
    page.route("**/api/v1/session", lambda route: route.abort())
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("[data-test=not-out]")).to_contain_text("还没有退出登录。 连不上服务器")
    page.unroute("**/api/v1/session")
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    expect(page.locator("[data-call]")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_everything_fits_on_the_screen(browser: Browser, rig: Rig, floor: Floor, language: str, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('sixring.language', '{language[:2]}')")
    page.goto(rig[2].url)
    picture(page, f"sign-in-{language[:2]}-{width}")
    sign_in(page, rig[2].url)
    expect(page.locator("[data-seat]")).to_have_count(9)
    expect(page.locator("[data-queue]")).to_have_count(3)
    picture(page, f"wallboard-{language[:2]}-{width}")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = page.evaluate("""() => [...document.querySelectorAll('th, td, .tile .who strong, .state, .figure, header, footer')]
        .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
        .map(e => e.className + ': ' + e.textContent)""")
    assert cut == []
    outside = page.evaluate("""() => [...document.querySelectorAll('[data-seat], [data-queue], [data-component]')]
        .filter(e => { const r = e.getBoundingClientRect(), p = e.closest('section, footer').getBoundingClientRect()
          return r.bottom > p.bottom + 1 || r.right > p.right + 1 || r.bottom > innerHeight }).map(e => e.textContent)""")
    assert outside == []
    context.close()
