"""What is charged was agreed to first (F1), whoever or whatever moves the ticket, by whichever version of its kind. On both
databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk.counter import NOON, Answer, Counter, Person
from desk.repairs import LEAK, Phone, change, done, outcomes, price, two_engineers
from desk.stories import ledgers, until

from callcenter.roles import Role
from crm.bills.agreed import AboveAgreed
from crm.kinds.load import shipped_texts
from crm.tickets.service import close_by_machine

# A site's own repair, with stages of its own: nothing in it asks for the price.
OWN = """\
kind: repair
name: {zh: 报修, en: Repair}
prefix: RE
opens_in: asked
opened_by: [agent]
seen_by: [agent, leader, manager]
title: "{what}"
fields:
  what: {name: {zh: 内容, en: What}, type: text, required: true}
  price: {name: {zh: 报价, en: Price}, type: money}
  price_agreed: {name: {zh: 同意, en: Agreed}, type: yes_no}
stages:
  asked:
    name: {zh: 已受理, en: Asked}
    moves:
      fixing: {who: [leader]}
      dropped: {who: [leader]}
  fixing:
    name: {zh: 维修中, en: Fixing}
    moves:
      fixed: {who: [leader]}
  fixed: {name: {zh: 修好, en: Fixed}, final: true}
  dropped: {name: {zh: 不修了, en: Dropped}, final: true}
"""
GATHERS = """\
kind: tidying
name: {zh: 归档单, en: Tidying}
prefix: TI
opens_in: made
opened_by: [leader]
seen_by: [leader]
stages:
  made: {name: {zh: 已生成, en: Made}, moves: {seen: {who: [leader]}}}
  seen: {name: {zh: 已阅, en: Seen}, final: true}
recurs: {every: day, at: day_ends, gathers: {kind: repair, stages: [finished], moves_to: archived}}
"""


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


class Desk:
    """A leak that wei has to do, and who is there; a tap costs 100, a pipe 50."""

    def __init__(self, counter: Counter) -> None:
        self.agent, self.leader, self.boss = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.MANAGER))
        self.wei, _ = two_engineers(counter)
        price(self.boss, "tap", "100.00")
        price(self.boss, "pipe", "50.00")
        self.ticket = self.agent.opens("repair", LEAK, category="water/leak", household_id=counter.households[0])
        self.order = done(change(self.leader, self.ticket, "POST", "/dispatch", engineer="wei"))["orders"][0]["number"]

    def goes(self, *way: tuple[str, dict[str, Any]]) -> None:
        """On the page."""
        for to, fields in way:
            done(self.wei.moves(self.ticket, to, fields))

    def charges(self, code: str) -> None:
        done(change(self.leader, self.ticket, "POST", "/charges", code=code))

    def stage(self) -> str:
        return str(self.leader.read(f"/tickets/{self.ticket['ticket_id']}")["ticket"]["stage"])


def refused(answer: Answer) -> tuple[int, str, str]:
    said = answer.json()
    return answer.status_code, answer.headers["content-type"], said["code"]


NOT_AGREED = (409, "application/problem+json", "not_agreed")
ABOVE_AGREED = (409, "application/problem+json", "above_agreed")
TOLD = (("accepted", {}), ("on_site", {}), ("pricing", {"fault": "x", "plan": "y", "chargeable": True, "price": "100.00"}))
AGREED = {"price": "100.00", "price_agreed": True}


@pytest.mark.rule("F1", part="no move of the page begins or ends a repair with a price that nobody agreed to")
def test_no_move_on_the_page_leads_past_a_price_that_nobody_agreed_to(counter: Counter) -> None:
    desk = Desk(counter)
    desk.goes(*TOLD)
    desk.charges("tap")
    desk.goes(("waiting", {"waits_for": "parts"}))
    assert refused(desk.wei.moves(desk.ticket, "working")) == NOT_AGREED
    assert (desk.stage(), done(desk.wei.moves(desk.ticket, "working", AGREED))["ticket"]["stage"]) == ("waiting", "working")
    # The household wants it no more, then again; and something more is charged once it was tried.
    done(desk.leader.changes(desk.ticket, "PATCH", "", fields={"price_agreed": False}))
    assert refused(desk.wei.moves(desk.ticket, "tested", {"result": "好了"})) == NOT_AGREED
    desk.goes(("tested", {"result": "好了", **AGREED}))
    desk.charges("pipe")
    assert refused(desk.wei.moves(desk.ticket, "finished", {"signed_by": "王小明"})) == ABOVE_AGREED
    assert desk.stage() == "tested"
    desk.goes(("working", {}))           # not right yet: going back to work is not beginning it
    assert refused(desk.wei.moves(desk.ticket, "tested")) == ABOVE_AGREED
    desk.goes(("tested", {"price": "150.00"}), ("finished", {"signed_by": "王小明"}))
    # What the desk adds when it is done, too; and the bill can be put right instead.
    desk.charges("pipe")
    assert refused(desk.agent.moves(desk.ticket, "archived")) == ABOVE_AGREED
    read = desk.leader.read(f"/repairs/{desk.ticket['ticket_id']}")
    done(change(desk.leader, desk.ticket, "DELETE", f"/charges/{read['charges'][-1]['charge_id']}"))
    assert done(desk.agent.moves(desk.ticket, "archived"))["ticket"]["state"] == "closed"
    assert desk.leader.read(f"/repairs/{desk.ticket['ticket_id']}")["bill"]["agreed"] == "150.00"


@pytest.mark.rule("F1", part="what is to be paid for is not begun before its price was agreed to, charged or not yet")
def test_what_is_to_be_paid_for_is_not_begun_before_its_price_was_agreed_to(counter: Counter) -> None:
    desk = Desk(counter)
    desk.goes(*TOLD, ("waiting", {"waits_for": "household"}))
    assert refused(desk.wei.moves(desk.ticket, "working")) == NOT_AGREED, "told, and nothing is on the bill yet"
    phone = Phone(desk.wei, desk.ticket, desk.order)
    assert outcomes(phone.sends(phone.does("begun", NOON))) == [("kept", "not_agreed")], "the phone hears the same"
    desk.goes(("working", {"chargeable": False}))


@pytest.mark.rule("F1", part="what ends undone owes no agreement")
def test_what_ends_undone_needs_no_agreement_and_what_was_solved_on_the_phone_does(counter: Counter) -> None:
    desk = Desk(counter)
    desk.goes(*TOLD)
    desk.charges("tap")
    done(desk.leader.moves(desk.ticket, "reported"))
    assert refused(desk.agent.moves(desk.ticket, "finished", {"result": "电话里教会了"})) == NOT_AGREED
    assert done(desk.agent.moves(desk.ticket, "withdrawn", {"reason": "太贵"}))["ticket"]["state"] == "closed"


@pytest.mark.rule("F1", part="a site's own kind, and what was opened by an older version")
def test_a_site_s_own_stages_lead_past_it_no_more_than_the_shipped_ones_nor_does_an_older_version(counter: Counter) -> None:
    agent, leader, boss = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.MANAGER))
    price(boss, "tap", "100.00")
    put_kind(boss, OWN)
    old, other = (agent.opens("repair", {"what": "漏水"}, household_id=counter.households[0]) for _ in range(2))
    put_kind(boss, shipped_texts()["repair"])
    for ticket in (old, other):
        done(change(leader, ticket, "POST", "/charges", code="tap"))
    assert refused(leader.moves(other, "dropped")) == NOT_AGREED, "it would be owed for ever: it is taken off first"
    [charge] = leader.read(f"/repairs/{other['ticket_id']}")["charges"]
    done(change(leader, other, "DELETE", f"/charges/{charge['charge_id']}"))
    done(leader.moves(other, "dropped"))
    done(leader.moves(old, "fixing"))
    assert refused(leader.moves(old, "fixed")) == NOT_AGREED
    assert refused(leader.moves(old, "fixed", {"price": "80.00", "price_agreed": True})) == ABOVE_AGREED
    assert done(leader.moves(old, "fixed", AGREED))["ticket"]["state"] == "closed"


@pytest.mark.rule("F1", part="the system's own moves")
def test_the_system_moves_it_no_further_than_people_may(counter: Counter) -> None:
    desk = Desk(counter)
    put_kind(desk.boss, GATHERS, "tidying")
    ledgers(counter).step()      # what was before today
    desk.goes(*TOLD, ("working", AGREED), ("tested", {"result": "好了"}), ("finished", {"signed_by": "王小明"}))
    desk.charges("tap")
    desk.charges("pipe")
    until(counter, NOON + timedelta(hours=10))
    assert ledgers(counter).step() > 0
    [gathered] = desk.leader.read("/tickets", kind="tidying")["items"]
    assert [one["number"] for one in desk.leader.read(f"/tickets/{gathered['ticket_id']}")["children"]] == [desk.ticket["number"]]
    said = desk.leader.read(f"/tickets/{desk.ticket['ticket_id']}/timeline")["items"][-1]
    assert (said["what"], said["data"]["to"], said["data"]["why"]) == ("not_moved", "archived", "above_agreed")
    # A machine that closes what is done is asked as well; and a repair that was not to somebody's mind goes back to work.
    with pytest.raises(AboveAgreed), counter.database.writing.begin() as session:
        close_by_machine(session, desk.ticket["ticket_id"], counter.clock.now(), ZoneInfo(counter.site.timezone))
    [follow_up] = desk.agent.read("/tickets", kind="followup")["items"]
    done(desk.agent.moves(follow_up, "done", {"how": "phone", "satisfied": 3, "said": "还在漏"}))
    assert desk.stage() == "working"


def put_kind(boss: Person, text: str, kind: str = "repair") -> None:
    """At its version of now."""
    there = boss.ask("GET", f"/kinds/{kind}")
    more = {"If-Match": there.headers["etag"]} if there.status_code == 200 else {}
    done(boss.ask("PUT", f"/kinds/{kind}", content=text.encode(), headers={"Content-Type": "text/yaml", **more}))
