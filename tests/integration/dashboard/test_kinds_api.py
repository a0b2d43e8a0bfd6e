"""Kinds are configuration: a new one needs no code and no restart, a wrong one is refused with line and reason (J4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from desk.counter import Counter, Person

from callcenter.roles import Role

BICYCLES = """\
# What the caretaker asked for.
kind: bicycle
name: {zh: 自行车登记, en: Bicycle}
prefix: BI
opens_in: asked
opened_by: [agent, leader]
seen_by: [agent, leader, manager]
title: "{plate}"
fields:
  plate: {name: {zh: 车牌, en: Plate}, type: text, required: true, pattern: "[A-Z]{2}[0-9]{4}"}
  paid: {name: {zh: 已缴费, en: Paid}, type: yes_no}
stages:
  asked:
    name: {zh: 待登记, en: Asked}
    moves:
      given: {who: [leader], only_if: {paid: "yes"}}
  given: {name: {zh: 已登记, en: Given}, final: true}
"""


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def put(person: Person, text: str, kind: str = "bicycle", version: int | None = None, **params: object) -> httpx.Response:
    return person.ask("PUT", f"/kinds/{kind}", version=version, content=text.encode(), headers={"Content-Type": "text/yaml"},
                      params=params)


@pytest.mark.rule("J4")
def test_a_new_kind_is_handed_in_and_its_ticket_opened_and_closed_without_a_restart(counter: Counter) -> None:
    manager, agent, leader = (counter.person(role) for role in (Role.MANAGER, Role.AGENT, Role.LEADER))
    other = Person(counter.another_process(), counter.token(Role.AGENT), "agent")     # was running before the kind was there
    assert "bicycle" not in [one["kind"] for one in other.read("/kinds")["items"]]
    assert put(manager, BICYCLES).json()["version"] == 1
    assert [one["may_open"] for one in other.read("/kinds")["items"] if one["kind"] == "bicycle"] == [True]
    ticket = other.opens("bicycle", {"plate": "AB1234", "paid": False})
    assert (ticket["number"], ticket["title"], ticket["stage"]) == ("BI20261122-0001", "AB1234", "asked")
    assert agent.moves(ticket, "given").status_code == 403, "the agent is not one who may"
    refused = leader.moves(ticket, "given")
    assert refused.json()["faults"] == [{"where": ["fields", "paid"], "code": "other_value_needed"}]
    done = leader.moves(ticket, "given", {"paid": True})
    assert (done.status_code, done.json()["ticket"]["state"]) == (200, "closed")


@pytest.mark.rule("J4")
def test_a_ticket_goes_on_by_the_version_under_which_it_was_opened(counter: Counter) -> None:
    admin, agent, leader = (counter.person(role) for role in (Role.ADMIN, Role.AGENT, Role.LEADER))
    put(admin, BICYCLES)
    old = agent.opens("bicycle", {"plate": "AB1234"})
    assert put(admin, BICYCLES.replace("given", "handed").replace("[A-Z]{2}[0-9]{4}", "[0-9]{6}")).json()["version"] == 2
    new = agent.opens("bicycle", {"plate": "123456"})
    assert (old["kind_version"], new["kind_version"]) == (1, 2)
    assert leader.moves(old, "handed", {"paid": True}).json()["code"] == "no_such_move"
    assert leader.moves(old, "given", {"paid": True}).status_code == 200
    assert leader.moves(new, "handed", {"paid": True}).status_code == 200
    read = admin.read("/kinds/bicycle")
    assert ([one["version"] for one in read["versions"]], read["version"]) == ([2, 1], 2)
    assert "given" in admin.read("/kinds/bicycle/versions/1")["definition"]["stages"]


def test_the_same_text_again_is_no_new_version_and_a_dry_run_writes_nothing(counter: Counter) -> None:
    manager = counter.person(Role.MANAGER)
    dry = put(manager, BICYCLES, dry_run=True).json()
    assert (dry["version"], dry["changed"]) == (None, True)
    assert manager.ask("GET", "/kinds/bicycle").status_code == 404
    assert put(manager, BICYCLES).json()["version"] == 1
    again = put(manager, BICYCLES).json()
    assert (again["version"], again["changed"]) == (1, False)


def test_two_who_change_the_same_version_do_not_take_each_other_s_change_back(counter: Counter) -> None:
    manager, admin = counter.person(Role.MANAGER), counter.person(Role.ADMIN)
    assert put(manager, BICYCLES, version=0).headers["etag"] == '"1"', "a new one, of which there is none"
    assert admin.ask("GET", "/kinds/bicycle").headers["etag"] == '"1"'
    mine, theirs = (BICYCLES.replace("BI", prefix) for prefix in ("BA", "BB"))
    assert put(manager, mine, version=1).json()["version"] == 2
    for dry_run in (True, False):
        late = put(admin, theirs, version=1, dry_run=dry_run)
        assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert admin.read("/kinds/bicycle")["text"] == mine
    assert put(admin, theirs, version=2).headers["etag"] == '"3"'


def test_a_wrong_definition_is_refused_with_every_fault_its_line_and_what_would_be_right(counter: Counter) -> None:
    manager = counter.person(Role.MANAGER)
    wrong = BICYCLES.replace("given: {who", "gone: {who").replace("type: yes_no", "type: text")
    refused = put(manager, wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "definition_unfit")
    assert [(fault["line"], fault["key"], fault["problem"]) for fault in refused.json()["definition"]] == [
        (16, "stages.asked.moves.gone", "no stage gone"),
        (16, "stages.asked.moves.gone.only_if.paid", "paid is no choice and no yes_no of bicycle")]
    assert refused.json()["definition"][0]["hint"] == "one of asked, given"
    assert manager.ask("GET", "/kinds/bicycle").status_code == 404


@pytest.mark.parametrize(("body", "status", "problem"), [
    (BICYCLES.replace("kind: bicycle", "kind: car"), 422, "is car"),
    ("\tkind: bicycle", 422, "found character '\\t' that cannot start any token"),
    ("- bicycle", 422, "is not a mapping"),
    ("", 422, "is not a mapping"),
    ("[" * 5000, 422, "is nested too deeply"),
    ("kind: &a bicycle\nname: *a", 422, "is referred to by an alias"),
    ("# " + "x" * 70_000, 413, None),
])
def test_what_is_no_definition_is_refused_and_breaks_nothing(counter: Counter, body: str, status: int, problem: str | None) -> None:
    refused = put(counter.person(Role.ADMIN), body)
    assert refused.status_code == status
    if problem:
        assert problem in [fault["problem"] for fault in refused.json()["definition"]]


def test_bytes_that_are_no_text_are_told_where(counter: Counter) -> None:
    refused = counter.person(Role.ADMIN).ask("PUT", "/kinds/bicycle", content=b"kind: bicycle\nname: \xff",
                                             headers={"Content-Type": "text/yaml"})
    assert [(fault["line"], fault["problem"]) for fault in refused.json()["definition"]] == [(2, "is not UTF-8")]


@pytest.mark.rule("K1", part="who writes kinds, who sees which")
def test_only_managers_and_administrators_write_kinds_and_each_role_sees_its_own(counter: Counter) -> None:
    for role in set(Role) - {Role.ADMIN, Role.MANAGER}:
        assert put(counter.person(role), BICYCLES).status_code == 403
    engineer, agent = counter.person(Role.ENGINEER), counter.person(Role.AGENT)
    assert counter.person(Role.WALLBOARD).ask("GET", "/kinds").status_code == 403
    seen = {one["kind"]: (one["may_open"], one["may_see"]) for one in engineer.read("/kinds")["items"]}
    assert (seen["repair"], seen["vacant_check"]) == ((True, False), (True, True))
    assert "key_loan" not in seen
    assert engineer.ask("GET", "/kinds/key_loan").status_code == 404
    media = next(one for one in agent.read("/kinds")["items"] if one["kind"] == "media")
    assert (media["may_open"], media["may_see"]) == (True, False), "an agent takes it and does not read the others'"
    assert agent.read("/kinds/repair")["text"] is None
    assert counter.person(Role.ADMIN).read("/kinds/repair")["text"].startswith("# A repair")


def test_a_retired_kind_opens_no_new_ticket_and_its_old_ones_go_on(counter: Counter) -> None:
    admin, agent, leader = (counter.person(role) for role in (Role.ADMIN, Role.AGENT, Role.LEADER))
    put(admin, BICYCLES)
    old = agent.opens("bicycle", {"plate": "AB1234"})
    put(admin, BICYCLES + "retired: true\n")
    refused = agent.ask("POST", "/tickets", json={"kind": "bicycle", "fields": {"plate": "AB1234"}})
    assert (refused.status_code, refused.json()["code"]) == (409, "kind_retired")
    assert leader.moves(old, "given", {"paid": True}).status_code == 200
