"""Texts with a NUL or with half of a character, on both databases: refused with the documented code, and no error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter

from callcenter.roles import Role
from crm.kinds.service import put_shipped
from crm.paging import cursor_of

UNFIT = ("x\x00y", "x\ud800y")
KIND = """
kind: lost
name: {zh: 失物, en: "Lost%s"}
title: "{what}"
prefix: L
opens_in: open
opened_by: [agent]
seen_by: [agent]
fields:
  what: {name: {zh: 什么, en: What}, type: text}
stages:
  open: {name: {zh: 开, en: Open}, moves: {done: {who: [agent]}}}
  done: {name: {zh: 完, en: Done}, final: true}
"""


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    with made.database.writing.begin() as session:
        put_shipped(session, made.clock.now())
    yield made
    made.close()


def _sent(body: dict[str, Any]) -> dict[str, Any]:
    """As a program sends it that escapes: httpx would not send half of a character."""
    return {"content": json.dumps(body).encode(), "headers": {"Content-Type": "application/json"}}


@pytest.mark.parametrize("unfit", UNFIT, ids=["nul", "half"])
def test_what_people_write_is_refused_when_no_database_takes_it(counter: Counter, unfit: str) -> None:
    admin, lead, agent, manager = (counter.person(role) for role in (Role.ADMIN, Role.LEADER, Role.AGENT, Role.MANAGER))
    visit = {"matter": "x", "kind": "enquiry", "result": "x", "contact": "x"}
    shift = lead.ask("POST", "/shifts", json={}).json()["shift"]["shift_id"]
    sent = [
        lead.ask("POST", "/nuisance", **_sent({"number": "13800000000", "level": "warn", "reason": unfit})),
        agent.ask("POST", "/nuisance/reports", **_sent({"number": "13800000000", "reason": unfit})),
        *(agent.ask("POST", "/contact-log/visits", **_sent(visit | {name: unfit}))
          for name in ("name", "contact", "room", "matter", "result")),
        lead.ask("POST", f"/shifts/{shift}/hand-over", version=1, **_sent({"words": "x", "to": unfit})),
        lead.ask("POST", "/shifts/entries", **_sent({"sort": "note", "text": unfit})),
        admin.ask("POST", "/agents", **_sent({"code": "899", "name": "Ann", "user": unfit})),
        admin.ask("POST", "/agents", **_sent({"code": "899", "name": unfit})),
        manager.ask("POST", "/people/1/erase", **_sent({"reason": unfit})),
        admin.ask("POST", "/webhooks", **_sent({"url": f"https://hooks.example/{unfit}", "events": ["*"]})),
        admin.ask("POST", "/session", **_sent({"name": unfit, "password": "x"})),
        agent.ask("POST", "/tickets", **_sent({"kind": "enquiry", "household_id": 1, "fields": {"what": "x"}, "notes": unfit})),
        agent.ask("POST", "/tickets", **_sent({"kind": "enquiry", "household_id": 1, "fields": {unfit: "x"}})),
        agent.ask("POST", "/tickets", **_sent({"kind": "enquiry", "household_id": 1, unfit: "x"})),
    ]
    for answer in sent:
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), (answer.request.url, answer.request.content)
    fields = agent.ask("POST", "/tickets", **_sent({"kind": "enquiry", "household_id": 1, "fields": {"what": unfit}}))
    assert (fields.status_code, fields.json()["code"]) == (422, "fields_unfit")


def test_what_is_looked_for_is_refused_when_no_database_could_have_it(counter: Counter) -> None:
    admin, lead = counter.person(Role.ADMIN), counter.person(Role.LEADER)
    for path, name in (("/audit", "subject"), ("/audit", "who"), ("/audit", "action"), ("/calls", "queue"), ("/calls", "before"),
                       ("/callbacks", "queue"), ("/recordings", "call_id"), ("/recordings", "agent"), ("/recordings", "cursor"),
                       ("/nuisance", "number"), ("/figures", "key"), ("/households", "text"), ("/tickets", "cursor")):
        answer = (admin if path == "/audit" else lead).ask("GET", path, params={name: UNFIT[0]})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.request.url


def test_a_cursor_that_somebody_has_made_up_with_a_nul_in_it_is_none_of_ours(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    answer = agent.ask("GET", "/households", params={"cursor": cursor_of("households", "x\x00", 1)})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize("escaped", ["\\0", "\\uD800", "\\x1b"])
def test_what_was_escaped_in_a_definition_is_a_fault_with_its_line(counter: Counter, escaped: str) -> None:
    admin = counter.person(Role.ADMIN)
    answer = admin.ask("PUT", "/kinds/lost", content=(KIND % escaped).encode(), headers={"Content-Type": "text/yaml"})
    assert (answer.status_code, answer.json()["code"]) == (422, "definition_unfit"), answer.text
    assert [(fault["line"], fault["problem"]) for fault in answer.json()["definition"]] == [
        (3, "has a character that cannot be written")]
