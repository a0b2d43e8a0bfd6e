"""What people write of surges, drills and outages, on both databases: what no database keeps is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk.counter import Counter

from callcenter.roles import Role
from crm.outages.models import OutageRow

UNFIT = "x\x00y"


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def test_words_that_the_database_does_not_take_are_refused_and_are_no_error_of_ours(counter: Counter) -> None:
    lead, outage = counter.person(Role.DUTY_LEAD), "trunk-20261122-040000"
    with counter.database.writing.begin() as session:
        session.add(OutageRow(outage_id=outage, component="trunk", detail="", began_at=counter.clock.now()))
    drill = lead.ask("POST", "/drills", json={"scenario": {"name": "搜救"}, "reason": "每季一次"}).json()["drill_id"]
    surge, seen = (int(lead.ask("GET", path).headers["etag"].strip('"')) for path in ("/surge", f"/outages/{outage}"))
    for answer in (
            lead.ask("POST", "/surge/raise", version=surge, json={"reason": UNFIT}),
            lead.ask("POST", "/drills", json={"scenario": {"name": "x"}, "reason": UNFIT}),
            lead.ask("POST", "/drills", json={"scenario": {"name": UNFIT}, "reason": "x"}),
            lead.ask("POST", f"/drills/{drill}/notes", json={"text": UNFIT}),
            lead.ask("PUT", f"/outages/{outage}/cause", version=seen, json={"cause": UNFIT}),
            lead.ask("PUT", f"/outages/{outage}/cause", version=seen, json={"cause": " "}),
            lead.ask("GET", "/outages", params={"component": UNFIT})):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.request.url
    two_lines = lead.ask("PUT", f"/outages/{outage}/cause", version=seen, json={"cause": "网线\n被挖断"})
    assert two_lines.json()["cause"] == "网线\n被挖断"
