"""What is made for several readers (`Actor.read_by`): what one of them must not see, or may not do, nobody of them does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callcenter.roles import Role
from crm.kinds.load import load_kind, shipped_texts
from crm.staff.actor import SYSTEM, Actor
from crm.tickets.rules import Held, is_about, is_one_of, moves, sees, works_on

MEDIA = load_kind(shipped_texts()["media"], "media.yaml")
COMPLAINT = load_kind(shipped_texts()["complaint"], "complaint.yaml")
MANAGER = Actor("manager", 1, frozenset({Role.MANAGER}))
SUPERVISOR = Actor("supervisor", 2, frozenset({Role.SUPERVISOR}))
LEADER = Actor("leader", 3, frozenset({Role.LEADER}), frozenset({7, 8}), agent="801")


def of(kind: Any, **more: Any) -> Held:
    return Held(**{"stage": kind.opens_in, "owner_id": None, "assignee_id": None, "category": None, "household_id": None,
                   "estate_id": 7, "fields": {}} | more)


@pytest.mark.rule("K1", part="scheduled reports")
@pytest.mark.rule("D4", part="not in what others read too")
def test_a_ticket_that_one_reader_does_not_see_is_not_seen_whoever_makes_it() -> None:
    held = of(MEDIA)
    assert sees(MEDIA, MANAGER, held)
    assert not sees(MEDIA, SUPERVISOR, held)
    for made in (MANAGER.read_by([SUPERVISOR]), SUPERVISOR.read_by([MANAGER]), SYSTEM.read_by([MANAGER, SUPERVISOR])):
        assert not sees(MEDIA, made, held)
        assert not made.is_system
    assert sees(MEDIA, SYSTEM.read_by([MANAGER]), held)
    assert not sees(COMPLAINT, MANAGER.read_by([LEADER]), of(COMPLAINT, estate_id=9)), "of an estate that one of them does not see"
    assert sees(COMPLAINT, MANAGER.read_by([LEADER]), of(COMPLAINT, estate_id=8))


@pytest.mark.rule("K1", part="scheduled reports")
def test_whose_it_is_counts_for_that_reader_alone() -> None:
    own = of(MEDIA, owner_id=SUPERVISOR.user_id)
    assert sees(MEDIA, SUPERVISOR, own)
    assert sees(MEDIA, SUPERVISOR.read_by([MANAGER]), own), "each in a way of their own"
    assert not sees(MEDIA, SUPERVISOR.read_by([LEADER]), own)
    offered = of(MEDIA)
    assert sees(MEDIA, SUPERVISOR, offered, offered_id=SUPERVISOR.user_id)
    assert not sees(MEDIA, SUPERVISOR.read_by([LEADER]), offered, offered_id=SUPERVISOR.user_id)


@pytest.mark.rule("D3", part="scheduled reports")
def test_a_ticket_about_one_reader_is_seen_by_none() -> None:
    about = of(COMPLAINT, about_id=SUPERVISOR.user_id)
    named = of(COMPLAINT, fields={name: "supervisor" for name, rule in COMPLAINT.fields.items() if rule.barred})
    for held in (about, named):
        assert sees(COMPLAINT, MANAGER, held)
        assert not sees(COMPLAINT, MANAGER.read_by([SUPERVISOR]), held)
    assert is_about(SUPERVISOR.user_id, MANAGER.read_by([SUPERVISOR]))
    leads_too = replace(SUPERVISOR, roles=frozenset({Role.LEADER}))
    assert any(move.may for move in moves(COMPLAINT, LEADER, named))
    assert not any(move.may for move in moves(COMPLAINT, LEADER.read_by([leads_too]), named))


@pytest.mark.rule("K1", part="scheduled reports")
def test_what_one_reader_may_not_do_is_not_done_for_all() -> None:
    held = of(COMPLAINT, owner_id=MANAGER.user_id, assignee_id=LEADER.user_id)
    both = MANAGER.read_by([LEADER])
    assert is_one_of(MANAGER, ("owner",), held)
    assert is_one_of(LEADER, ("owner", Role.LEADER), held)
    assert not is_one_of(both, ("owner",), held)
    assert not is_one_of(both, (Role.MANAGER,), held)
    assert is_one_of(both, (Role.MANAGER, "assignee"), held), "each in a way of their own"
    assert works_on(MEDIA, MANAGER, of(MEDIA))
    assert not works_on(MEDIA, MANAGER.read_by([replace(LEADER, roles=frozenset({Role.ENGINEER}))]), of(MEDIA))


def test_what_is_read_of_it_directly_is_what_all_of_them_have() -> None:
    both = replace(MANAGER, roles=frozenset({Role.MANAGER, Role.LEADER})).read_by([LEADER])
    assert (both.name, both.user_id, both.roles, both.estates, both.agent) == (
        "manager", 1, frozenset({Role.LEADER}), frozenset({7, 8}), None)
    three = both.read_by([replace(LEADER, user_id=4, estates=frozenset({8, 9}))])
    assert (three.estates, len(three.everybody)) == (frozenset({8}), 3)
    assert both.has(Role.LEADER, Role.AGENT) is MANAGER.read_by([LEADER]).has(Role.MANAGER, Role.LEADER) is True
    assert both.has(Role.MANAGER) is MANAGER.read_by([SYSTEM]).has(Role.LEADER) is False
    assert MANAGER.read_by([]) is MANAGER
    assert SYSTEM.read_by([SYSTEM]) is SYSTEM
