"""The storm on the wallboard in a real Chromium: tier, why, since when, next tier, who is coming; outages, emergencies, drills.

`SIXRING_SCREENSHOTS=<folder>` keeps the pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from wall.chromium import LAPTOP, NEEDS, WALL, picture
from wall.orders import OrdersReader
from wall.rig import DashboardThread, Floor, running_here, signed_in, until
from wall.scene import COMPONENTS
from wall.storm import (
    ELSEWHERE,
    MOBILES,
    MORE,
    agents_at_work,
    fire,
    lift,
    no_robot_took_it,
    proposed_of_no_type,
    rainstorm_drill,
    tier_two,
    trunk_out,
    trunk_out_before,
)
from wall.team import TEAM, staffed_floor
from wall.tickets import cut_off

from callcenter.commands import SwitchLine
from callcenter.events import (
    ComponentHealth,
    DrillChanged,
    Health,
    HealthChanged,
    IncidentChanged,
    LineSwitched,
    OutageChanged,
    SurgeChanged,
)
from callcenter.line import LineSwitch
from callcenter.phones import PATIENCE_S
from callcenter.roles import Role
from callcenter.settings import Settings
from callcenter.storm import Coming, Surge
from crm.database import open_database

pytestmark = [*NEEDS]

Rig = tuple[DashboardThread, Floor, dict[str, str], Settings]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_here(tmp_path_factory.mktemp("storm"), TEAM, more=MORE) as (store, settings, dashboard), \
            signed_in(dashboard.url, Role.SUPERVISOR) as client:
        floor = Floor(store.url)
        floor.publish(*staffed_floor(datetime.now(UTC)))
        floor.write_board()
        yield dashboard, floor, dict(client.cookies), settings
        floor.close()


@pytest.fixture
def rig(running: Rig) -> Rig:
    running[1].write_health(*COMPONENTS)
    return running


def opened(browser: Browser, rig: Rig, size: tuple[int, int] = WALL, language: str = "zh", path: str = "/",
           cookies: dict[str, str] | None = None) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": name, "value": value, "url": rig[0].url} for name, value in (cookies or rig[2]).items()])
    context.add_init_script(f"localStorage.setItem('sixring.language', '{language}')")
    page = context.new_page()
    page.goto(rig[0].url + path)
    return page


def api(rig: Rig) -> httpx.Client:
    return httpx.Client(base_url=f"{rig[0].url}/api/v1", cookies=rig[2], timeout=PATIENCE_S)


def local(moment: datetime) -> str:
    """As the site's clocks show it (Asia/Shanghai)."""
    return (moment + timedelta(hours=8)).strftime("%H:%M")


@pytest.mark.rule("B8")
@pytest.mark.rule("B3", part="who accepted, refused, did not answer and has come, on the wall")
def test_the_wall_says_tier_why_since_when_when_the_next_comes_and_who_is_coming(browser: Browser, rig: Rig) -> None:
    page, floor, now = opened(browser, rig), rig[1], datetime.now(UTC)
    expect(page.locator("[data-seat]")).to_have_count(9)
    expect(page.locator("[data-tier]")).to_have_count(0)
    surge = tier_two(now)
    floor.publish(SurgeChanged(now, surge))
    strip = page.locator("[data-tier='2']")
    expect(strip.locator("[data-test=why]")).to_have_text("排队来电过多、最长等待过久")
    expect(strip.locator("[data-test=since]")).to_have_text(f"{local(now - timedelta(minutes=41))} 起")
    for person, words in ((1, f"已应允 {local(now + timedelta(minutes=18))} 前"), (2, "未接听"), (3, "已到岗"), (4, "呼叫中"),
                          (5, "不能到岗"), (6, f"应到未到 {local(now - timedelta(minutes=2))} 前")):
        expect(strip.locator(f"[data-coming='{person}']")).to_contain_text(words)
    expect(strip).to_contain_text("待呼叫 3")
    countdown = strip.locator("[data-next=next] [data-test=countdown]")
    before = countdown.inner_text()
    assert "11:00" < before <= "12:34"
    expect(countdown).not_to_have_text(before)
    assert countdown.inner_text() < before

    arrived = tuple(replace(one, state=Coming.ARRIVED) if one.person_id == 1 else one for one in surge.coming)
    floor.publish(SurgeChanged(now, replace(surge, coming=arrived, next_at=None, held=True, held_by="值班长李芳")))
    expect(strip.locator("[data-next=held]")).to_contain_text("值班长李芳 保持")
    expect(strip.locator("[data-coming='1']")).to_contain_text("已到岗")
    floor.publish(SurgeChanged(now, Surge(1, 3, now, now, ("by_hand",), "江湾一号停水", "supervisor", under_control_since=now,
                                          down_at=now + timedelta(minutes=9))))
    expect(page.locator("[data-tier='1'] [data-test=reason]")).to_have_text("江湾一号停水 · supervisor 启动")
    expect(page.locator("[data-tier='1'] [data-next=down]")).to_contain_text("响应解除")
    floor.publish(SurgeChanged(now, Surge()))
    expect(page.locator("[data-tier]")).to_have_count(0)
    page.context.close()


@pytest.mark.rule("C2", part="the outage's clock, rung and acknowledgement, on the wall")
@pytest.mark.rule("H12", part="a drill is marked on every page")
@pytest.mark.rule("C7", part="a switched line is marked on the wall and on every page")
def test_outages_emergencies_and_a_drill_are_marked_and_go_when_they_are_over(browser: Browser, rig: Rig) -> None:
    page, floor, now = opened(browser, rig), rig[1], datetime.now(UTC)
    expect(page.locator("[data-seat]")).to_have_count(9)
    floor.publish(HealthChanged(now, ComponentHealth("trunk", Health.DOWN, now)), OutageChanged(now, trunk_out(now)),
                  IncidentChanged(now, lift(now)), IncidentChanged(now, fire(now)))
    outage = page.locator("[data-outage=trunk-1]")
    for words in ("中继线路中断", re.compile(r"7:\d\d"), "已报主管", "后上报", "王主管 处理中"):
        expect(outage).to_contain_text(words)
    expect(page.get_by_text("中继线路故障")).to_have_count(0)
    expect(page.locator("[data-incident]")).to_contain_text(["火警", "电梯困人"])
    expect(page.locator("[data-incident='1']")).to_contain_text("安和花园 3 栋 2 单元")
    expect(page.locator("[data-incident='1']")).to_contain_text("待办 9 超时 1")
    expect(page.locator("[data-incident='2']")).to_contain_text("无指挥人")
    expect(page.locator("[data-test=drill]")).to_have_count(0)

    floor.publish(DrillChanged(now, rainstorm_drill(now)), SurgeChanged(now, tier_two(now, drill=True)))
    expect(page.locator("[data-test=drill]")).to_contain_text("暴雨演练")
    expect(page.locator("[data-tier='2']")).to_contain_text("演练")
    switched = page.locator("[data-notice=line]")
    expect(switched).to_have_count(0)
    floor.publish(LineSwitched(now, LineSwitch("number", now - timedelta(minutes=12), "王主管")))
    since = rf"(\d\d-\d\d )?{local(now - timedelta(minutes=12))}"      # with its day, soon after the site's midnight
    expect(switched).to_contain_text(re.compile(rf"新来电转到外线号码 · 王主管 切换 · {since} 起，已 12 分钟"))
    page.get_by_role("link", name="组长").click()
    floor.publish(LineSwitched(now, LineSwitch("announcement", now, "phone-1001")))
    expect(switched).to_contain_text("新来电只听到应急通知 · 座席 1001 的话机切换")
    expect(page.locator("[data-test=drill]")).to_contain_text("非真实情况")
    expect(page.locator("[data-notice=surge]")).to_contain_text("演练")

    floor.publish(HealthChanged(now, ComponentHealth("trunk", Health.OK, now + timedelta(seconds=1))),
                  OutageChanged(now, replace(trunk_out(now), ended_at=now)), IncidentChanged(now, replace(lift(now), over_at=now)),
                  IncidentChanged(now, replace(fire(now), over_at=now)), SurgeChanged(now, Surge()),
                  DrillChanged(now, replace(rainstorm_drill(now), ended_at=now)), LineSwitched(now, LineSwitch("", now, "王主管")))
    expect(page.locator("[data-test=drill]")).to_have_count(0)
    expect(switched).to_have_count(0)
    page.get_by_role("link", name="看板").click()
    expect(page.locator("[data-seat]")).to_have_count(9)
    expect(page.locator(".storm")).to_have_count(0)
    page.context.close()


def cut_on(page: Page) -> list[str]:
    """What of the storm and of the seats is not whole on the screen."""
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    found: list[str] = page.evaluate("""() => {
        const all = (...names) => names.flatMap(name => [...document.querySelectorAll('.storm ' + name)])
        const said = all('h2', 'h3', '.figure', 'strong', '[data-coming]')
          .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
        const shown = [...document.querySelectorAll('.storm, .storm li, [data-seat], footer')]
          .filter(e => { const r = e.getBoundingClientRect(); return r.bottom > innerHeight + 1 || r.right > innerWidth + 1 })
        const hidden = [...document.querySelectorAll('[data-coming], [data-seat]')]
          .filter(e => e.getBoundingClientRect().bottom > e.closest('section').getBoundingClientRect().bottom + 1)
        const inside = [...document.querySelectorAll('[data-seat]')]
          .filter(e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)
        return [...said, ...shown, ...hidden, ...inside].map(e => e.className + ': ' + e.textContent) }""")
    return found


def test_the_worst_storm_fits_on_the_wall_in_both_languages(browser: Browser, rig: Rig) -> None:
    floor, now = rig[1], datetime.now(UTC)
    floor.publish(SurgeChanged(now, tier_two(now, drill=True)), OutageChanged(now, trunk_out(now)),
                  IncidentChanged(now, lift(now, drill=True)), IncidentChanged(now, fire(now)),
                  DrillChanged(now, rainstorm_drill(now)), LineSwitched(now, LineSwitch("announcement", now, "phone-1001")))
    for language, size in (("zh", WALL), ("en", LAPTOP)):
        page = opened(browser, rig, size, language)
        expect(page.locator("[data-incident]")).to_have_count(2)
        expect(page.locator("[data-seat]")).to_have_count(9)
        picture(page, f"storm-{language}-{size[0]}")
        assert cut_on(page) == []
        floor.publish(HealthChanged(now, ComponentHealth("database", Health.DOWN, now, "no_answer")))
        expect(page.locator(".alert")).to_have_count(5)           # in two rows
        assert cut_on(page) == []
        floor.publish(HealthChanged(now, ComponentHealth("database", Health.OK, now)))
        page.context.close()
    floor.publish(LineSwitched(now, LineSwitch()))


@pytest.mark.rule("B1", part="declared by hand, with a reason, on the page")
@pytest.mark.rule("B7", part="taken note of on the page")
@pytest.mark.rule("C2", part="taken on, on the page")
@pytest.mark.rule("H4", part="each act in the timeline, on the page")
def test_a_surge_is_raised_an_emergency_declared_and_an_outage_taken_on_from_the_pages(browser: Browser, rig: Rig) -> None:
    page = opened(browser, rig, LAPTOP, path="/surge")
    expect(page.locator("[data-act=raise]")).to_be_disabled()
    page.locator("[data-field=reason]").fill("江湾一号停水")
    page.locator("[data-act=raise]").click()
    expect(page.locator("[data-tier='1'] [data-test=reason]")).to_have_text("江湾一号停水 · supervisor 启动")
    page.locator("[data-field=reason]").fill("等抢修消息")
    page.locator("[data-act=hold]").click()
    expect(page.locator("[data-next=held]")).to_contain_text("supervisor 保持")
    expect(page.locator("[data-surge] li")).to_contain_text(["江湾一号停水", "等抢修消息"])
    page.locator("[data-field=send]").check()
    page.locator("[data-act=write-report]").click()
    expect(page.locator("[data-told=supervisor]")).to_contain_text("未确认")
    page.locator("[data-report] [data-act=acknowledge]").click()
    expect(page.locator("[data-told=supervisor]")).to_contain_text("✓ supervisor")
    expect(page.locator("[data-report] [data-act=acknowledge]")).to_have_count(0)
    picture(page, "surge-page")

    page.get_by_role("link", name="突发事件").click()
    page.locator("[data-act=open-declare]").click()
    page.locator("[data-field=type]").select_option("lift-entrapment")
    page.locator("[data-field=place]").fill("3 栋 2 单元")
    page.locator("[data-field=what]").fill("电梯停在七楼")
    page.locator("[data-act=declare]").click()
    talk = page.locator("[data-step=talk]")
    talk.locator("[data-say=done]").click()
    expect(talk).to_have_attribute("data-standing", "done")
    expect(page.locator("[data-line=done]")).to_contain_text("经对讲与被困人员通话")
    page.locator("[data-condition=children]").click()
    expect(page.locator("[data-step=fire_brigade]")).to_have_attribute("data-standing", "open")
    expect(page.locator("[data-test=hindering]")).to_be_visible()
    page.locator("[data-field=over]").fill("全部救出")
    expect(page.locator("[data-act=over]")).to_be_disabled()
    picture(page, "emergency-page")

    database = open_database(rig[3].database_url)
    trunk_out_before(database, datetime.now(UTC))
    database.close()
    page.get_by_role("link", name="系统故障").click()
    story = page.locator("[data-story]")
    expect(story).to_contain_text("已报主管")
    story.locator("[data-act=acknowledge]").click()
    expect(story).to_contain_text("supervisor 处理中")
    expect(page.locator("[data-line=not_sent]")).to_contain_text("缺少密钥（no_secret:robot-owners）")
    story.locator("[data-field=cause]").fill("光猫断电")
    story.locator("[data-act=cause]").click()
    expect(story).to_contain_text("原因 光猫断电 supervisor")
    picture(page, "outage-page")
    assert cut_off(page) == []
    page.context.close()


@pytest.mark.rule("H2", part="what is proposed without a type is declared on the page")
@pytest.mark.rule("H4", part="level, handing over and the end, on the page")
@pytest.mark.rule("H5", part="households rung, stopped and rung again, group chats told, on the page")
@pytest.mark.rule("H7", part="drafted, signed, and approved by another, on the page")
@pytest.mark.rule("H10", part="causes, lessons, follow-ups or why there are none, closing, on the page")
def test_a_proposal_is_declared_commanded_told_ended_reported_and_closed_from_its_page(browser: Browser, rig: Rig) -> None:
    database = open_database(rig[3].database_url)
    proposed_of_no_type(database, datetime.now(UTC))
    database.close()
    page = opened(browser, rig, LAPTOP, path="/emergencies")
    proposal = page.locator("[data-proposal]")
    expect(proposal.locator("[data-act=accept]")).to_be_disabled()
    proposal.locator("[data-field=proposed-type]").select_option("home-power-cut")
    proposal.locator("[data-act=accept]").click()
    command, told, chat, report = (page.locator(f"[data-test={name}]") for name in ("command", "broadcast", "chat", "report"))
    expect(page.locator("[data-phase=active]")).to_contain_text("家庭停电")
    command.get_by_label("级别").select_option("2")
    command.locator("[data-act=level]").click()
    expect(page.locator(".head.level-2")).to_be_visible()
    for act in ("broadcast", "broadcast-sure", "stop-broadcast", "again", "stop-broadcast"):
        told.locator(f"[data-act={act}]").click()
    expect(page.locator("[data-line=broadcast] strong")).to_contain_text(["停止", "再次拨打", "停止", "开始"])
    chat.locator("[data-robot=owners]").check()
    chat.locator("[data-act=send-chat]").click()
    expect(chat.locator("[data-sent=waits]")).to_contain_text("owners")
    command.locator("[data-field=to]").select_option("leader")
    command.locator("[data-act=hand-over]").click()
    expect(command.locator(".who")).to_have_text("leader")
    picture(page, "emergency-told")
    assert cut_off(page) == []

    path, database = page.url.removeprefix(rig[0].url), open_database(rig[3].database_url)
    no_robot_took_it(database, datetime.now(UTC))
    database.close()
    with api(rig) as client:
        while hindering := [one for one in client.get(path).json()["hindering"] if client.post(
                f"{path}/steps/{one.removeprefix('step:')}", json={"what": "done"}).is_error]:
            assert len(hindering) < 5, hindering     # they wait for another one, which is done by now
    page.reload()
    command.locator("[data-field=over]").fill("已送电")
    command.locator("[data-act=over]").click()
    expect(page.locator("[data-phase=over]")).to_be_visible()
    expect(told.locator("button")).to_have_count(0)
    report.locator("[data-act=draft]").click()
    expect(report.locator("[data-act=sign]")).to_be_disabled()
    report.locator("[data-field=report-conclusion]").fill("总闸过载跳闸")
    report.locator("[data-act=save-report]").click()
    report.locator("[data-act=sign]").click()
    expect(report).to_contain_text("由另一位负责人批准")
    with signed_in(rig[0].url, Role.MANAGER) as client:
        other = opened(browser, rig, LAPTOP, "en", path, dict(client.cookies))
    other.locator("[data-act=approve]").click()
    expect(other.locator("[data-test=report]")).to_contain_text("approved by manager")
    expect(other.locator("[data-sent=failed]")).to_contain_text("the other server did not take it (http_404)")
    picture(other, "emergency-approved")
    assert cut_off(other) == []
    after = other.locator("[data-test=command]")
    expect(after).to_contain_text("Left before it is closed: Causes · Lessons · Insurance · Follow-ups of households")
    after.locator("[data-act=follow-up]").click()
    expect(after.locator("[data-field=why-none]")).to_have_attribute("aria-invalid", "true")
    after.locator("[data-field=why-none]").fill("Nobody was at home")
    after.locator("[data-act=follow-up]").click()
    expect(after.locator("[data-act=follow-up]")).to_have_count(0)
    for name, text in (("causes", "The main switch was overloaded"), ("lessons", "A larger switch"), ("insurance", "Not told")):
        expect(after.locator("[data-act=close]")).to_be_disabled()
        after.locator(f"[data-field={name}]").fill(text)
        after.locator("[data-act=learn]").click()
        expect(other.locator("[data-line=learnt]")).to_contain_text([text])
    after.locator("[data-act=close]").click()
    expect(other.locator("[data-phase=closed]")).to_be_visible()
    expect(after.locator("[data-field=lessons]")).to_have_value("A larger switch")
    expect(after.locator("button")).to_have_count(0)
    expect(other.get_by_text(" left", exact=False).filter(has_text=re.compile(r"\d+:\d\d left"))).to_have_count(0)
    picture(other, "emergency-closed")
    assert cut_off(other) == []
    other.context.close()
    page.context.close()


@pytest.mark.rule("B3", part="one's own answer on the page, also to take callers on one's own mobile")
@pytest.mark.rule("B4", part="the plan in short, in the page's language")
@pytest.mark.rule("C6", part="told and proposed on the page")
@pytest.mark.rule("C7", part="switched on the page, asked twice")
def test_one_answers_ones_own_call_in_and_switches_the_line_on_the_page_of_the_surge(browser: Browser, rig: Rig) -> None:
    with api(rig) as client:
        for path, body in (
                ("/call-in/people", {"name": "孙悦", "tier": 3, "number": "13800138099", "user": "supervisor"}),
                ("/call-in", {"tier": 3, "reason": "暴雨"}),
                ("/call-in/people", {"name": "陈静", "tier": 2, "number": "13800138001", "user": "agent", "agent": "801"}),
                ("/call-in", {"tier": 2, "reason": "暴雨"})):
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
    with signed_in(rig[0].url, Role.AGENT) as client:
        theirs = opened(browser, rig, WALL, "en", "/surge", dict(client.cookies))
    called = theirs.locator("[data-test=mine]")
    called.locator("[data-act=mobile]").click()
    expect(called).to_contain_text("calls come to your own phone")
    expect(called.locator("[data-act=mobile]")).to_have_count(0)
    with api(rig) as client:
        [now] = [one for one in client.get("/call-in").json()["items"] if one["tier"] == 2]
    assert [(one["state"], one["seat"]) for one in now["called"]] == [("accepted", MOBILES[0])]
    picture(theirs, "surge-mobile")
    assert cut_off(theirs) == []
    theirs.context.close()

    page = opened(browser, rig, LAPTOP, path="/surge")
    expect(page.locator(".plan")).to_contain_text("媒体来电转新闻发言人")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".plan")).to_contain_text("The press goes to the spokesperson")
    picture(page, "surge-plan")
    page.get_by_role("button", name="中文").click()
    mine = page.locator("[data-test=mine]")
    for act, words in (("accept", "已应允"), ("refuse", "不能到岗")):
        mine.locator(f"[data-act={act}]").click()
        expect(mine).to_contain_text(words)
    line = page.locator("[data-test=line]")
    with OrdersReader(rig[3].redis_url) as acd:
        line.locator("[data-field=line]").select_option(ELSEWHERE)
        line.locator("[data-act=line]").click()
        assert acd.asked == []
        line.locator("[data-act=line-sure]").click()
        until(lambda: acd.asked == [SwitchLine(ELSEWHERE)], what="the line is switched")
    database = open_database(rig[3].database_url)
    agents_at_work(database, datetime.now(UTC), "802", "803", "804")
    database.close()
    out = page.locator("[data-test=fallen]")
    for code in ("802", "803", "804"):
        out.locator(f"[data-out='{code}']").check()
    out.locator("[data-act=fallen-out]").click()
    for words in ("3 人缺勤", "李晓梅 · 王磊 · 赵敏", "已报经理", "按最近一小时来电估计", "陈静 · 休班"):
        expect(out).to_contain_text(words)
    expect(out.locator("[data-test=shares]")).to_contain_text("→ 0.0% →")
    picture(page, "surge-mine")
    assert cut_off(page) == []
    page.context.close()
