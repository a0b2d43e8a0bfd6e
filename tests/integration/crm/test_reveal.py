"""A private value is shown to who may see it, for a reason, and each look is in the audit."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from callcenter.errors import Forbidden, NotFound
from callcenter.private import Private
from callcenter.roles import Role
from callcenter.site.desk import Privacy
from crm.database import Database
from crm.privacy.service import ReasonMissing, View, reveal
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import audit_of

NUMBER = "+8613812346666"
OFFICE = Actor("fang", roles=frozenset({Role.OFFICE}), estates=frozenset({1}))


@pytest.mark.rule("K1", part="each look at a private value is logged")
def test_a_look_is_logged_with_its_reason_and_without_the_value(database: Database, now: datetime) -> None:
    with database.writing.begin() as session:
        assert reveal(session, View(OFFICE), "person:4", "number", NUMBER, " 约上门时间 ", now, estate_id=1) == NUMBER
    with database.reading() as session:
        (entry,) = audit_of(session, "person:4")
    assert (entry.who, entry.action, entry.at) == ("fang", "privacy.revealed", now)
    assert json.loads(entry.detail or "") == {"field": "number", "reason": "约上门时间"}


def test_a_look_that_is_refused_shows_nothing_and_leaves_no_trace_of_one(database: Database, now: datetime) -> None:
    operations = Actor("ops", roles=frozenset({Role.OPERATIONS}))
    with database.writing.begin() as session:
        with pytest.raises(NotFound):
            reveal(session, View(OFFICE), "person:4", "number", NUMBER, "why not", now, estate_id=2)
        with pytest.raises(Forbidden):
            reveal(session, View(operations), "person:4", "number", NUMBER, "why not", now)
        with pytest.raises(ReasonMissing):
            reveal(session, View(OFFICE), "person:4", "number", NUMBER, "  ", now, estate_id=1)
        with pytest.raises(NotFound):
            reveal(session, View(OFFICE), "person:4", "email", None, "why not", now, estate_id=1)
        assert audit_of(session, "person:4") == []


def test_the_site_file_says_which_roles_see_what_without_a_mask() -> None:
    assert View(OFFICE).show(NUMBER, Private.PHONE) == "138****6666"
    assert View(OFFICE).show("王小明", Private.NAME) == "王小明"
    assert View(OFFICE).show(None, Private.NAME) is None
    open_site = Privacy(unmasked={Private.PHONE: (Role.OFFICE,)})
    assert View(OFFICE, open_site).show(NUMBER, Private.PHONE) == NUMBER
    assert View(OFFICE, open_site).show("王小明", Private.NAME) == "王**"
    assert View(SYSTEM, open_site).show("王小明", Private.NAME) == "王小明"
