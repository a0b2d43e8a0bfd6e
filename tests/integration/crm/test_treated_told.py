"""Which callers are treated is told for acd to keep in Asterisk: when it changes, ends, or Redis may have forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from callcenter.clock import FakeClock
from callcenter.treated import TREATED, TREATED_KEY
from crm.callers.models import Treatment
from crm.callers.tell import TreatedTeller
from crm.database import Database


@pytest.mark.rule("D1")
def test_what_holds_now_is_told_under_the_number_that_the_dialplan_asks_for(database: Database, now: datetime) -> None:
    told, clock = list[dict[str, str]](), FakeClock(now)

    class Herald:
        def keep(self, key: str, value: str) -> None:
            assert key == TREATED_KEY
            told.append(TREATED.validate_json(value))

    def row(number: str, level: str, state: str = "active", until: datetime | None = None) -> Treatment:
        return Treatment(number=number, level=level, state=state, reason="x", by="leader", at=now, until=until)

    teller = TreatedTeller(database, Herald(), clock)
    teller.look(again=False)
    with database.writing.begin() as session:
        session.add_all([row("+8613900000006", "block"), row("+861012345678", "warn", until=now + timedelta(hours=1)),
                         row("+85223456789", "press"), row("1001", "queue"), row("+8613900000007", "block", "lifted"),
                         row("+8613900000008", "warn", "reported"), row("+8613900000009", "block", until=now)])
    for _ in range(2):
        teller.look(again=False)
    teller.look(again=True)
    clock.advance(3600)
    teller.look(again=False)
    held = {"13900000006": "block", "1012345678": "warn", "85223456789": "press", "1001": "queue"}
    assert told == [{}, held, held, {key: level for key, level in held.items() if level != "warn"}]
