"""The pages of tickets and households in a real Chromium against the real server: opened, moved, changed by two at once.

`SIXRING_SCREENSHOTS=<folder>` keeps the pictures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from wall.chromium import LAPTOP, NEEDS, WALL, picture
from wall.orders import OrdersReader
from wall.rig import Floor, until
from wall.scene import COMPONENTS, call
from wall.team import agent, staffed_floor
from wall.tickets import HEARD, HOME, PNG, TicketDesk, cut_off, field, named, ticket_desk

from callcenter.commands import PauseRecording, ResumeRecording
from callcenter.events import AgentChanged, AgentState, CallChanged, CallState, DeskChanged
from callcenter.roles import Role
from crm.clocks import service as clocks

pytestmark = [*NEEDS]

CALL = "node1-1763800000.41"


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TicketDesk]:
    with ticket_desk(browser, tmp_path_factory.mktemp("tickets")) as made:
        yield made


@pytest.fixture
def floor(desk: TicketDesk) -> Iterator[Floor]:
    made = Floor(desk.redis.url)
    made.publish(*staffed_floor(datetime.now(UTC)))
    made.write_board()
    made.write_health(*COMPONENTS)
    yield made
    made.close()


@pytest.mark.rule("E1", part="on the page: whoever opens a ticket owns it")
@pytest.mark.rule("J4", part="a kind's form and moves, rendered from its definition")
def test_a_ticket_is_opened_from_a_household_found_by_number_and_moved_along(desk: TicketDesk, floor: Floor) -> None:
    with desk.page(Role.AGENT, "/households") as page:
        named(page, "find").fill("13800138000")
        row = page.locator(f'[data-home="{HOME}"]')
        expect(row).to_contain_text("138****8000")
        expect(page.locator("[data-home]")).to_have_count(1)
        assert page.url.endswith("/households?text=13800138000")
        row.get_by_role("link").click()
        named(page, "new-ticket").click()
        page.locator("[data-kind=repair]").click()
        expect(named(page, "home")).to_contain_text("云栖花园 3-1-502")
        named(page, "submit").click()
        expect(page.locator("[data-field=what]")).to_contain_text("必填")
        field(page, "what").fill("卫生间下水堵了")
        field(page, "urgency").select_option("urgent")
        field(page, "category").select_option("water/blocked")
        picture(page, "ticket-new")
        named(page, "submit").click()
        expect(page.locator("[data-stage=reported]")).to_contain_text(re.compile(r"RE\d{8}-\d{4}"))
        expect(named(page, "owner")).to_have_text("agent")
        expect(page.locator("[data-clock=warn]").first).to_contain_text("分")
        page.locator("[data-move=dispatched]").click()
        expect(named(page, "go")).to_be_disabled()
        named(page, "assignee").select_option("engineer")
        named(page, "go").click()
        expect(page.locator("[data-stage=dispatched]")).to_be_visible()
        expect(page.locator("[data-event=moved]")).to_contain_text("已受理 → 已派工")
        page.get_by_role("link", name="住户详情").click()
        expect(named(page, "open-matters")).to_contain_text("堵塞")
        expect(named(page, "history").locator("[data-happened=message]")).to_contain_text("已接听")


@pytest.mark.rule("H6", part="on the page: shown before a ticket is opened, the call is tied in one act")
def test_what_is_known_in_the_building_is_shown_and_the_call_is_tied_to_it(desk: TicketDesk, floor: Floor) -> None:
    given = {"kind": "emergency", "category": "power", "household_id": HOME, "fields": {"place": "3 栋", "what": "整栋停电"}}
    incident = desk.ask(Role.AGENT, "POST", "/tickets", json=given)["ticket"]
    ident = incident["ticket_id"]
    desk.ask(Role.LEADER, "PUT", f"/tickets/{ident}/known", json={}, headers={"If-Match": f'"{incident["version"]}"'})
    with desk.page(Role.AGENT, f"/tickets/new?household={HOME}") as page:
        expect(named(page, "known")).to_contain_text(incident["number"])
        page.locator("[data-kind=emergency]").click()
        field(page, "place").fill("3 栋 502")
        field(page, "what").fill("没有电")
        field(page, "category").select_option("power")
        named(page, "submit").click()
        expect(named(page, "fault")).to_contain_text("这件事已经登记过")
        picture(page, "ticket-known")
        assert cut_off(page) == []
        named(page, "tie").click()
        expect(page.locator("[data-event=called]")).to_be_visible()
    with desk.page(Role.AGENT, f"/tickets/new?household={HOME}", language="en") as page:
        page.locator("[data-kind=emergency]").click()
        field(page, "place").fill("3-502")
        field(page, "what").fill("smell of burning")
        field(page, "category").select_option("power")
        named(page, "submit").click()
        named(page, "despite").click()
        expect(page.locator("[data-stage]")).not_to_contain_text(incident["number"])
    assert desk.ask(Role.LEADER, "GET", f"/tickets/{ident}/calls")["calls"] == 1


def test_who_is_second_is_told_what_the_first_did_and_loses_nothing(desk: TicketDesk, floor: Floor) -> None:
    ident = desk.ticket(place="厨房")
    with desk.page(Role.AGENT, f"/tickets/{ident}") as mine, desk.page(Role.LEADER, f"/tickets/{ident}", language="en") as theirs:
        field(mine, "what").fill("厨房漏水，已流到楼下")
        field(mine, "place").fill("厨房水槽下")
        field(theirs, "place").fill("阳台")
        field(theirs, "urgency").select_option("urgent")
        named(theirs, "save").click()
        expect(named(theirs, "unsaved")).to_have_count(0)
        named(mine, "save").click()
        told = named(mine, "meanwhile")
        expect(told).to_contain_text("leader 刚改了这个工单")
        expect(told.locator("[data-changed=urgency]")).to_contain_text("急修")
        expect(told.locator("[data-changed=place]")).to_contain_text("阳台")
        picture(mine, "ticket-meanwhile")
        expect(field(mine, "what")).to_have_value("厨房漏水，已流到楼下")
        expect(field(mine, "place")).to_have_value("厨房水槽下")
        told.locator("[data-test=theirs]").click()
        expect(field(mine, "place")).to_have_value("阳台")
        # Another change is told by the live feed, before anything is saved; what is typed outlives a look at another page.
        desk.ask(Role.LEADER, "POST", f"/tickets/{ident}/owner/accept", headers={"If-Match": '"2"'})
        floor.publish(DeskChanged(datetime.now(UTC), 1, "ticket.changed", f"ticket:{ident}", None, {"kind": "repair"}))
        expect(told.locator("[data-changed=owner]")).to_contain_text("leader")
        mine.get_by_role("link", name="住户", exact=True).click()
        mine.go_back()
        expect(field(mine, "what")).to_have_value("厨房漏水，已流到楼下")
        named(mine, "save").click()
        expect(named(mine, "unsaved")).to_have_count(0)
    shown = desk.ask(Role.LEADER, "GET", f"/tickets/{ident}")["fields"]
    assert (shown["what"], shown["place"], shown["urgency"]) == ("厨房漏水，已流到楼下", "阳台", "urgent")


@pytest.mark.rule("K1", part="on the page: masked, shown with a reason, and the look is in the audit")
def test_a_private_field_and_a_number_are_shown_after_a_reason_and_the_looks_are_logged(desk: TicketDesk, floor: Floor) -> None:
    ident = desk.ticket()
    with desk.page(Role.AGENT, f"/tickets/{ident}") as page:
        private = page.locator("[data-field=contact_name]")
        expect(private).to_contain_text("***")
        assert "王小明" not in page.content()
        named(private, "show").click()
        expect(named(private, "look")).to_be_disabled()
        named(private, "reason").fill("核对联系人")
        page.keyboard.press("Enter")
        expect(private.locator("input")).to_have_value("王小明")
        number = page.locator("[data-number]").first
        expect(number).to_contain_text("138****8000")
        number.locator("[data-test=show]").click()
        number.locator("[data-test=reason]").fill("回电")
        number.locator("[data-test=look]").click()
        expect(number).to_contain_text("138 0013 8000")
        picture(page, "ticket-shown")
    assert desk.looks(f"ticket:{ident}", "privacy.revealed") == [("agent", {"field": "contact_name", "reason": "核对联系人"})]
    assert ("agent", {"field": "number", "reason": "回电"}) in desk.looks("person:1", "privacy.revealed")


@pytest.mark.rule("A5", part="a ticket from the call at the desk: its number and its household are there")
@pytest.mark.rule("A8", part="the recording pauses by itself while a private field is filled in")
def test_a_ticket_from_a_call_knows_the_caller_and_private_data_is_not_recorded(desk: TicketDesk, floor: Floor) -> None:
    now = datetime.now(UTC)
    at_ear = call(41, CallState.TALKING, now, 6, queue="repair", phone="+8613800138000", on="1001", talked_s=20)
    floor.publish(CallChanged(now, "answered", at_ear))
    with OrdersReader(desk.redis.url) as acd, desk.page(Role.AGENT, "/desk") as page:
        named(page, "new-ticket").click()
        page.locator("[data-kind=key_loan]").click()
        expect(page.get_by_label("联系电话", exact=True)).to_have_value("+8613800138000")
        private = page.locator("[data-field]").filter(has_text="隐私项").locator("input, textarea").first
        private.focus()
        until(lambda: acd.asked == [PauseRecording("801", "private_field")], what=f"it is paused: {acd.asked}")
        floor.publish(AgentChanged(now, agent("801", AgentState.TALKING, now, 20, "1001", call_id=CALL, recording_paused=True)))
        expect(page.get_by_text("正在填写隐私信息，录音已暂停")).to_be_visible()
        picture(page, "ticket-quiet")
        page.get_by_label("备注", exact=True).focus()
        until(lambda: acd.asked[1:] == [ResumeRecording("801")], what=f"it goes on: {acd.asked}")
        named(page, "other-kind").click()
        page.locator("[data-kind=repair]").click()
        field(page, "what").fill("来电报修")
        field(page, "urgency").select_option("ordinary")
        page.get_by_role("link", name="坐席").click()
        named(page, "new-ticket").click()
        expect(field(page, "what")).to_have_value("来电报修")
        named(page, "submit").click()
        expect(page.locator("[data-stage=reported]")).to_be_visible()
        ident = int(page.url.rpartition("/")[2])
    assert desk.ask(Role.LEADER, "GET", f"/tickets/{ident}")["ticket"]["call_id"] == CALL


@pytest.mark.rule("E1", part="on the page: the owner stays until the other has accepted")
def test_a_ticket_is_handed_over_and_accepted_with_notes_files_and_links(desk: TicketDesk, floor: Floor, tmp_path: Path) -> None:
    ident, other = desk.ticket(), desk.ticket()
    number = desk.ask(Role.AGENT, "GET", f"/tickets/{other}")["ticket"]["number"]
    photo = tmp_path / "漏水.png"
    photo.write_bytes(PNG)
    with desk.page(Role.AGENT, f"/tickets/{ident}") as page, desk.page(Role.LEADER, f"/tickets/{ident}") as leaders:
        named(page, "note").fill("住户说下午在家")
        page.get_by_role("link", name="住户", exact=True).click()
        page.go_back()
        named(page, "add-note").dblclick()
        expect(page.locator("[data-event=noted]")).to_contain_text("住户说下午在家")
        expect(page.locator("[data-event=noted]")).to_have_count(1)
        named(page, "file").set_input_files(photo)
        expect(page.get_by_role("img", name="漏水.png")).to_be_visible()
        until(lambda: page.get_by_role("img", name="漏水.png").evaluate("photo => photo.naturalWidth") == 1, what="the photo")
        named(page, "tie").click()
        page.get_by_label("工单编号").fill(number)
        page.get_by_label("工单编号").press("Enter")
        expect(page.get_by_role("link", name=number)).to_be_visible()
        page.locator("[data-hand=offer]").click()
        named(page, "to").select_option("leader")
        named(page, "words").fill("住户要求今天修好")
        named(page, "send").click()
        expect(named(page, "offered")).to_contain_text("接受前仍由agent负责")
        leaders.reload()
        expect(named(leaders, "offered")).to_have_text("请你接手")
        expect(leaders.locator("[data-event=offered]")).to_contain_text("住户要求今天修好")
        leaders.locator("[data-hand=accept]").click()
        expect(named(leaders, "owner")).to_have_text("leader")


def test_the_list_is_filtered_by_its_address_and_changes_by_itself(desk: TicketDesk, floor: Floor) -> None:
    urgent = desk.ticket(what="电梯口积水", urgency="urgent", place="电梯口")
    desk.ask(Role.LEADER, "POST", "/tickets", json={"kind": "enquiry", "household_id": HOME, "fields": {"what": "停车费"}})
    with desk.page(Role.AGENT, "/tickets") as page:
        expect(page.locator("tbody")).to_contain_text("咨询")
        named(page, "kind").select_option("repair")
        named(page, "find").fill("电梯口")
        row = page.locator(f'[data-ticket="{urgent}"]')
        expect(row).to_contain_text("漏水 电梯口")
        expect(page.locator("[data-ticket]")).to_have_count(1)
        expect(row.locator("[data-clock=warn]")).to_be_visible()
        page.reload()
        expect(page.locator("[data-ticket]")).to_have_count(1)
        page.locator("[data-due=broken]").click()
        expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
        page.get_by_role("button", name="清除筛选").last.click()
        expect(row).to_be_visible()
        page.locator("[data-who=mine]").click()
        expect(page.locator("tbody")).not_to_contain_text("咨询")
        newest = desk.ticket(place="大堂")
        floor.publish(DeskChanged(datetime.now(UTC), 2, "ticket.opened", f"ticket:{newest}", None, {"kind": "repair"}))
        expect(page.locator("[data-ticket]").first).to_contain_text("大堂")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("[data-stage=reported]")).to_contain_text("大堂")


@pytest.mark.rule("A8", part="a recording's waveform, player and notes on the page; the listening is logged")
def test_a_recording_is_heard_and_has_a_note_at_its_place(desk: TicketDesk, floor: Floor) -> None:
    with desk.page(Role.LEADER, f"/households/{HOME}") as page:
        sound = page.locator(f'[data-recording="{HEARD}"]')
        expect(sound.locator("[data-test=message]")).to_have_text("含留言")
        expect(sound.locator("path.all")).to_have_attribute("d", re.compile(r"^(M[\d.]+ [\d.]+v[\d.]+){100,}$"))
        assert desk.looks(f"call:{HEARD}", "recording.listened") == []
        sound.get_by_role("slider").click(position={"x": 100, "y": 10})
        with page.expect_response(lambda answer: answer.url.endswith(f"/calls/{HEARD}/recording")) as answered:
            named(page, "play").click()
        assert answered.value.status == 206
        named(page, "sound-note").click()
        sound.get_by_label("此处备注").fill("语气不好")
        sound.get_by_label("此处备注").press("Enter")
        expect(sound).to_contain_text("语气不好")
        expect(page.locator("[data-text]")).to_contain_text([
            re.compile("感谢评价.*138.*8000.*会再试.*对方服务器没有收下（http_503）"), re.compile("感谢评价.*已发出")])
        picture(page, "household-zh")
        assert cut_off(page) == []
    with desk.page(Role.LEADER, f"/households/{HOME}", WALL, "en") as page:
        expect(page.locator("[data-text=again]")).to_contain_text("the other server did not take it (http_503)")
        picture(page, "household-en")
    assert [who for who, _ in desk.looks(f"call:{HEARD}", "recording.listened")] == ["leader"]


def test_a_household_is_changed_and_who_was_second_keeps_what_was_typed(desk: TicketDesk, floor: Floor) -> None:
    with desk.page(Role.LEADER, "/households/2") as page:
        named(page, "edit-home").click()
        named(page, "language").select_option("en")
        home = desk.ask(Role.LEADER, "GET", "/households/2")["household"]
        desk.ask(Role.LEADER, "PATCH", "/households/2", json={"tags": ["vip"]}, headers={"If-Match": f'"{home["version"]}"'})
        named(page, "save-home").click()
        expect(named(page, "fault")).to_contain_text("有人刚改了这户资料")
        expect(named(page, "language")).to_have_value("en")
        named(page, "save-home").click()
        expect(named(page, "language")).to_have_count(0)
        page.locator("[data-test=edit-person]").first.click()
        page.get_by_placeholder("原因").fill("住户要求")
        page.get_by_role("button", name="设为勿打扰").click()
        expect(page.locator("[data-person]").first).to_contain_text("勿打扰")
    home = desk.ask(Role.LEADER, "GET", "/households/2")["household"]
    assert (home["language"], home["tags"], home["people"][0]["no_call_reason"]) == ("en", ["vip"], "住户要求")


def test_a_notice_rings_the_bell_until_it_is_taken_note_of(desk: TicketDesk, floor: Floor) -> None:
    ident = desk.ticket(urgency="urgent")
    with desk.database.writing.begin() as session:
        clocks.tick(session, datetime.now(UTC) + timedelta(minutes=62), 200)
    with desk.page(Role.AGENT, "/tickets") as page:
        named(page, "bell").click()
        number = desk.ask(Role.AGENT, "GET", f"/tickets/{ident}")["ticket"]["number"]
        mine = page.locator("[data-notice]").filter(has_text=number)
        expect(mine.first).to_contain_text("响应时限")
        before = mine.count()
        mine.first.locator("[data-test=take]").click()
        expect(mine).to_have_count(before - 1)
        page.reload()
        named(page, "bell").click()
        expect(mine).to_have_count(before - 1)


@pytest.mark.rule("K1", part="pages of the desk by role")
def test_a_wall_has_none_of_it_and_an_engineer_has_tickets_without_a_board(desk: TicketDesk, floor: Floor) -> None:
    ident = desk.ticket()
    with desk.page(Role.WALLBOARD, f"/tickets/{ident}") as page:
        expect(page.locator("[data-seat]")).to_have_count(9)
        expect(page.get_by_role("navigation")).to_have_count(0)
        expect(named(page, "bell")).to_have_count(0)
    desk.ask(Role.AGENT, "PUT", f"/tickets/{ident}/assignee", json={"user": "engineer"}, headers={"If-Match": '"1"'})
    with desk.page(Role.ENGINEER, "/tickets") as page:
        row = page.locator(f'[data-ticket="{ident}"]')
        row.click()
        expect(page.locator("[data-stage=reported]")).to_be_visible()
        expect(named(page, "home")).to_have_count(0)
        expect(page.get_by_text("正在重连")).to_have_count(0)


@pytest.mark.parametrize(("language", "size"), [("zh", LAPTOP), ("en", LAPTOP), ("zh", WALL), ("en", WALL)])
def test_nothing_of_the_desk_is_cut_off(desk: TicketDesk, floor: Floor, language: str, size: tuple[int, int]) -> None:
    ident = desk.ticket(what="厨房漏水，已流到楼下，住户很着急", place="厨房")
    shown: list[tuple[str, Callable[[Page], Locator]]] = [
        ("/tickets", lambda page: page.locator("[data-ticket]").first),
        (f"/tickets/{ident}", lambda page: page.locator("[data-event]").first),
        ("/tickets/new?household=1", lambda page: page.locator("[data-kind=repair]")),
        ("/households", lambda page: page.locator("[data-home]").first), ("/households/1", lambda page: named(page, "history"))]
    with desk.page(Role.LEADER, "/tickets", size, language) as page:
        for path, there in shown:
            page.goto(desk.dashboard.url + path)
            expect(there(page)).to_be_visible()
            picture(page, f"{path.partition('?')[0].strip('/').replace('/', '-')}-{language}-{size[0]}")
            assert cut_off(page) == [], path
