"""The agent's and the leader's page in a real Chromium, and the wallboard with agents; a reader of orders plays acd.

`SIXRING_SCREENSHOTS=<folder>` keeps the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hotline.own_redis import Redis
from playwright.sync_api import Browser, Locator, Page, expect
from wall.chromium import LAPTOP, NEEDS, chinese_page, enter, picture
from wall.orders import OrdersReader
from wall.rig import DashboardThread, Floor, running_here, until
from wall.scene import COMPONENTS, call
from wall.team import TEAM, agent, staffed_floor

from callcenter.commands import (
    AskHelp,
    CancelTransfer,
    CloseQueue,
    Command,
    CompleteTransfer,
    ExtendWrapUp,
    JoinOffice,
    Monitor,
    Monitoring,
    MoveCall,
    MoveSeat,
    Park,
    Pause,
    PauseReason,
    PauseRecording,
    Resume,
    Retrieve,
    SignIn,
    SignOut,
    TakeOver,
    Target,
    Transfer,
)
from callcenter.events import AgentChanged, AgentState, CallChanged, CallState, DriftMended, QueueWait, QueueWaitChanged
from callcenter.roles import Role
from callcenter.settings import Settings

CALL = "node1-1763800000.41"

pytestmark = [*NEEDS]

Rig = tuple[Redis, Settings, DashboardThread]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_here(tmp_path_factory.mktemp("desk"), TEAM) as made:
        yield made


@pytest.fixture
def floor(rig: Rig) -> Iterator[Floor]:
    made = Floor(rig[0].url)
    made.publish(*staffed_floor(datetime.now(UTC)))
    made.write_board()
    made.write_health(*COMPONENTS)
    yield made
    made.close()


@pytest.fixture
def acd(rig: Rig) -> Iterator[OrdersReader]:
    with OrdersReader(rig[0].url) as reader:
        yield reader


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with chinese_page(browser, LAPTOP) as opened:
        yield opened


def order(page: Page, name: str) -> Locator:
    return page.locator(f'[data-order="{name}"]')


def asked(acd: OrdersReader, *commands: Command) -> None:
    until(lambda: len(acd.asked) >= len(commands), what=f"{commands} asked; so far {acd.asked}")
    assert tuple(acd.asked) == commands


def becomes(floor: Floor, state: AgentState, seat: str | None = "1001", **more: object) -> None:
    now = datetime.now(UTC)
    floor.publish(AgentChanged(now, agent("801", state, now, 1, seat, **more)))  # type: ignore[arg-type]


def test_an_agent_begins_at_the_desk_and_takes_a_free_seat(page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    becomes(floor, AgentState.SIGNED_OUT, None)
    enter(page, rig[2].url, Role.AGENT)
    expect(page).to_have_url(f"{rig[2].url}/desk")
    expect(page.locator("[data-state=signed_out]")).to_contain_text("选一个空座席签入")
    taken = page.locator('[data-take="1003"]')
    expect(taken).to_be_disabled()
    expect(taken).to_contain_text("王磊 在用")
    picture(page, "desk-sign-in")
    page.locator('[data-take="1001"]').click()
    asked(acd, SignIn("801", "1001"))
    becomes(floor, AgentState.READY)
    expect(page.locator("[data-state=ready]")).to_contain_text("空闲")
    picture(page, "desk-ready")


def test_a_refusal_is_told_in_words_also_one_that_the_page_does_not_know(
        page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    becomes(floor, AgentState.SIGNED_OUT, None)
    enter(page, rig[2].url, Role.AGENT)
    for code, words in (("seat_taken", "这个座席已有人"), ("full_moon", "出错了（full_moon）")):
        acd.says = lambda _, code=code: (code, "")  # type: ignore[misc]
        page.locator('[data-take="1001"]').click()
        expect(page.locator("[data-test=fault]")).to_contain_text(words)
    page.get_by_role("button", name="知道了").click()
    expect(page.locator("[data-test=fault]")).to_have_count(0)


def test_pauses_end_with_ready_and_a_wrap_up_is_extended(page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    becomes(floor, AgentState.READY)
    enter(page, rig[2].url, Role.AGENT)
    expect(order(page, "resume")).to_have_count(0)
    expect(order(page, "extend-60")).to_have_count(0)
    page.locator("[data-pause=meal]").click()
    asked(acd, Pause("801", PauseReason.MEAL))
    becomes(floor, AgentState.PAUSED, reason="meal")
    expect(page.locator("[data-state=paused]").get_by_role("status")).to_have_text("用餐")
    picture(page, "desk-paused")
    order(page, "resume").click()
    becomes(floor, AgentState.WRAPUP, wrapup_s=40)
    expect(page.locator("[data-state=wrapup] .time")).to_contain_text("后自动空闲")
    picture(page, "desk-wrap-up")
    order(page, "extend-60").click()
    asked(acd, Pause("801", PauseReason.MEAL), Resume("801"), ExtendWrapUp("801", 60))
    becomes(floor, AgentState.WRAPUP, wrapup_s=300)
    expect(order(page, "extend-60")).to_be_disabled()


@pytest.mark.rule("C1", part="the agent's page at a seat fault")
def test_a_phone_that_is_gone_is_told_and_another_seat_is_one_click(
        page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    becomes(floor, AgentState.FAULT, reason="unreachable")
    enter(page, rig[2].url, Role.AGENT)
    expect(page.locator("[data-state=fault]")).to_contain_text("这个座席的话机连不上")
    order(page, "move").click()
    page.locator('[data-take="1101"]').click()
    asked(acd, MoveSeat("801", "1101"))


@pytest.mark.rule("A7", part="who calls, on the desk, before the answer")
def test_a_ringing_call_says_who_it_is_before_it_is_answered(page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    becomes(floor, AgentState.RINGING, call_id="node1-1763800000.46")
    enter(page, rig[2].url, Role.AGENT)
    expect(page.locator("[data-test=caller]")).to_have_text("Emily Carter · 云栖 2栋1单元0901")
    expect(page.locator("[data-test=emergency]")).to_have_text("紧急")
    expect(page.get_by_text("请接起话机")).to_be_visible()
    expect(order(page, "park")).to_have_count(0)
    expect(order(page, "blind")).to_have_count(0)
    picture(page, "desk-ringing")


@pytest.mark.rule("A9", part="the desk's buttons")
def test_a_call_is_passed_on_blind_or_after_talking_to_the_other(page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    enter(page, rig[2].url, Role.AGENT)
    expect(page.locator("[data-test=caller]")).to_have_text("王秀兰 · 云栖 3栋1单元1201")
    expect(order(page, "blind")).to_be_disabled()
    page.locator('[data-target="804"]').click()
    picture(page, "desk-talking")
    order(page, "attended").click()
    until(lambda: len(acd.asked) == 1, what="the transfer begins")
    becomes(floor, AgentState.TALKING, call_id=CALL, consulting=True)
    expect(page.get_by_text("正在与 赵敏 商量")).to_be_visible()
    expect(order(page, "park")).to_have_count(0)
    picture(page, "desk-consulting")
    page.reload()
    order(page, "cancel").click()
    becomes(floor, AgentState.TALKING, call_id=CALL)
    page.get_by_text("外线", exact=True).click()
    page.locator("[name=number]").fill("139 0000 0001")
    order(page, "blind").click()
    asked(acd, Transfer("801", Target("agent", "804"), attended=True), CancelTransfer("801"),
          Transfer("801", Target("outside", "13900000001")))
    page.get_by_text("部门", exact=True).click()
    page.locator("[data-target=works]").click()
    order(page, "attended").click()
    becomes(floor, AgentState.TALKING, call_id=CALL, consulting=True)
    order(page, "complete").click()
    until(lambda: CompleteTransfer("801") in acd.asked, what="the transfer is completed")


@pytest.mark.rule("A8", part="pausing the recording at the desk")
@pytest.mark.rule("F5", part="the office is called in at the desk")
def test_the_office_is_called_in_recording_is_paused_and_a_parked_call_is_fetched_back(
        page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    acd.says = lambda command: ("done", "71" if isinstance(command, Park) else "")
    enter(page, rig[2].url, Role.AGENT)
    order(page, "office").click()
    until(lambda: JoinOffice("801") in acd.asked, what="the office is called in")
    order(page, "stop-record").click()
    becomes(floor, AgentState.TALKING, call_id=CALL, recording_paused=True)
    expect(page.get_by_text("录音已暂停")).to_be_visible()
    order(page, "park").click()
    until(lambda: Park("801") in acd.asked, what="it is parked")
    now = datetime.now(UTC)
    waits = replace(call(41, CallState.QUEUED, now, 6, queue="repair", name="王秀兰"), parked="71")
    other = replace(call(45, CallState.QUEUED, now, 24, queue="complaint"), parked="71")
    floor.publish(CallChanged(now, "parked", waits))
    becomes(floor, AgentState.READY, "1006")
    fetch = page.locator('[data-retrieve="71"]')
    expect(fetch).to_be_visible()
    # It comes back by itself, and the slot is another call's: that one is not offered as mine.
    floor.publish(CallChanged(now, "unparked", replace(waits, parked="")), CallChanged(now, "parked", other))
    expect(fetch).to_have_count(0)
    floor.publish(CallChanged(now, "unparked", replace(other, parked="")), CallChanged(now, "parked", waits))
    fetch.click()
    until(lambda: Retrieve("801", "71") in acd.asked, what="it is fetched")
    expect(fetch).to_be_enabled()     # nobody has picked up yet
    floor.publish(CallChanged(now, "unparked", replace(waits, parked="")))
    expect(fetch).to_have_count(0)
    asked(acd, JoinOffice("801"), PauseRecording("801", ""), Park("801"), Retrieve("801", "71"))


@pytest.mark.rule("D2", part="one button at the desk; listen, whisper, join, take over at the leader's page")
def test_help_is_one_button_and_the_leader_sees_it_on_top_and_joins(
        page: Page, browser: Browser, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    enter(page, rig[2].url, Role.AGENT)
    order(page, "help").click()
    asked(acd, AskHelp("801", ""))
    becomes(floor, AgentState.TALKING, call_id=CALL, help_s=1)
    expect(order(page, "help-end")).to_contain_text("取消求助")
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    lead = context.new_page()
    enter(lead, rig[2].url, Role.LEADER, "/lead")
    card = lead.locator('[data-help="801"]')
    expect(card).to_contain_text("王秀兰 · 云栖 3栋1单元1201")
    expect(lead.locator('[data-help="803"]')).to_contain_text("情绪激动")
    expect(card.locator("[data-monitor=listen]")).to_be_disabled()
    expect(lead.get_by_text("先选自己的话机")).to_be_visible()
    lead.locator("[data-test=my-seat]").select_option("1201")
    card.locator("[data-monitor=listen]").click()
    expect(card.locator("[data-monitor=listen]")).to_have_attribute("aria-pressed", "true")
    picture(lead, "lead-zh-1366")
    card.locator("[data-monitor=join]").click()
    expect(card.locator("[data-monitor=join]")).to_have_attribute("aria-pressed", "true")
    card.locator("[data-monitor=take-over]").click()
    asked(acd, AskHelp("801", ""), Monitor("1201", "801", Monitoring.LISTEN), Monitor("1201", "801", Monitoring.JOIN),
          TakeOver("1201", "801"))
    context.close()


def test_a_leader_brings_an_agent_back_moves_a_waiting_call_and_signs_out_only_when_sure(
        page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    enter(page, rig[2].url, Role.LEADER, "/lead")
    expect(page.locator("[data-agent]").first).to_have_attribute("data-agent", "803")
    page.locator('[data-agent="805"]').get_by_role("button").click()
    expect(page.locator('[data-agent="805"]')).to_contain_text("3 个来电未接")
    expect(page.locator('[data-chosen="805"] [data-monitor]')).to_have_count(0)
    order(page, "resume").click()
    page.locator('[data-waiting="node1-1763800000.45"] select').select_option("enquiry")
    until(lambda: len(acd.asked) == 2, what="two orders")
    order(page, "sign-out").click()
    order(page, "sign-out-sure").click()
    asked(acd, Resume("805"), MoveCall("node1-1763800000.45", "enquiry"), SignOut("805"))


def test_a_supervisor_closes_a_queue_only_when_sure_opens_it_again_and_sees_in_which_slot_a_call_is_parked(
        page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    enter(page, rig[2].url, Role.SUPERVISOR, "/lead")
    door, now = page.locator("[data-door=enquiry]"), datetime.now(UTC)
    door.locator("[data-order=close-queue]").click()
    door.locator("[data-order=close-queue-sure]").click()
    asked(acd, CloseQueue("enquiry", closed=True))
    floor.publish(QueueWaitChanged(now, QueueWait("enquiry", 0, 4.0, 3.2, 2, closed=True)),
                  CallChanged(now, "parked", replace(call(45, CallState.QUEUED, now, 24, queue="complaint"), parked="701")))
    expect(door).to_contain_text("已关闭")
    expect(page.locator('[data-waiting="node1-1763800000.45"] [data-test=parked]')).to_have_text("驻留 701")
    door.locator("[data-order=open-queue]").click()
    asked(acd, CloseQueue("enquiry", closed=True), CloseQueue("enquiry", closed=False))


def test_pages_are_there_by_role_and_keep_one_line(page: Page, rig: Rig, floor: Floor) -> None:
    enter(page, rig[2].url, Role.SUPERVISOR)
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["看板", "坐席", "组长", "工单", "住户", "应急"])
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="组长").click()
    expect(page.locator("[data-agent]")).to_have_count(6)
    page.get_by_role("link", name="坐席").click()
    expect(page.locator("[data-state]")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-agent]")).to_have_count(6)
    assert page.evaluate("window.sameDocument") is True


@pytest.mark.rule("K1", part="pages by role")
def test_an_agent_gets_no_leaders_page_and_a_wall_only_the_wall(page: Page, rig: Rig, floor: Floor) -> None:
    enter(page, rig[2].url, Role.AGENT, "/lead")
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["看板", "坐席", "工单", "住户", "应急"])
    expect(page.locator("[data-queue]").first).to_be_visible()
    expect(page.locator("[data-agent]")).to_have_count(0)
    page.get_by_role("button", name="退出登录").click()
    enter(page, rig[2].url, Role.WALLBOARD)
    expect(page.locator("[data-seat]")).to_have_count(9)
    expect(page.get_by_role("navigation")).to_have_count(0)
    assert "情绪激动" not in page.locator("body").inner_text()


def test_the_desk_is_worked_with_the_keyboard_alone(page: Page, rig: Rig, floor: Floor, acd: OrdersReader) -> None:
    enter(page, rig[2].url, Role.AGENT)
    page.locator('[data-target="804"] input').focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    asked(acd, Transfer("801", Target("agent", "804")))
    order(page, "help").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.rule("A4", part="the call that lasts too long, on the wall")
def test_the_wall_says_who_sits_where_and_what_the_room_must_know(page: Page, rig: Rig, floor: Floor) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    enter(page, rig[2].url, Role.SUPERVISOR)
    expect(page.locator("[data-notice=help]")).to_contain_text("王磊 1 分钟")
    expect(page.locator("[data-notice=away]")).to_contain_text("周航")
    expect(page.locator("[data-notice=long]")).to_contain_text("通话超过 10 分钟")
    expect(page.locator('[data-call="node1-1763800000.42"]')).to_contain_text("超 10 分钟")
    expect(page.locator('[data-seat="1006"]')).to_contain_text("用餐")
    expect(page.locator('[data-seat="1005"] .whom')).to_have_text("3 个来电未接")
    expect(page.locator('[data-seat="1004"] .time')).to_contain_text("剩")
    expect(page.locator("[data-queue=repair] .expected")).to_contain_text("1:35")
    expect(page.locator("[data-queue=repair] .expected")).to_contain_text("误差 12 秒")
    expect(page.locator("[data-queue=repair] .callbacks")).to_have_text("回拨 2")
    expect(page.locator("[data-notice=drift]")).to_have_count(0)
    floor.publish(DriftMended(datetime.now(UTC), "node1", ("pause 1003",)))
    expect(page.locator("[data-notice=drift]")).to_contain_text("已自动纠正")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_cut_off(browser: Browser, rig: Rig, floor: Floor, language: str, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('sixring.language', '{language}')")
    enter(page, rig[2].url, Role.AGENT)
    expect(page.locator("[data-test=caller]")).to_be_visible()
    picture(page, f"desk-{language}-{width}")
    assert cut_off(page) == []
    page.locator("header.bar button").last.click()
    enter(page, rig[2].url, Role.LEADER, "/lead")
    expect(page.locator("[data-agent]")).to_have_count(6)
    picture(page, f"lead-{language}-{width}")
    assert cut_off(page) == []
    page.goto(rig[2].url)
    expect(page.locator("[data-seat]")).to_have_count(9)
    picture(page, f"staffed-{language}-{width}")
    assert cut_off(page) == []
    context.close()


def cut_off(page: Page) -> list[str]:
    found: list[str] = page.evaluate("""() => {
        const wide = [...document.querySelectorAll('button, thead th, td.state, .state, .figure, header, label')]
          .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
        const box = e => e.getBoundingClientRect()
        const outside = [...document.querySelectorAll('button, section')]
          .filter(e => box(e).width && (box(e).right > innerWidth + 1 || box(e).bottom > innerHeight + 1))
        return [...wide, ...outside].map(e => e.className + ': ' + e.textContent.trim().slice(0, 40))}""")
    return found
