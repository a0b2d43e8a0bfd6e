"""Outages over HTTP (C2): who may, what an acknowledgement and a cause need, what a page is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hotline.own_redis import Redis
from wall.rig import DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.settings import Settings
from crm.database import open_database
from crm.outages.models import OutageLine, OutageRow

T = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
IDENT = "database-20261123-040000"


@pytest.fixture(scope="module")
def url(rig: tuple[Redis, Settings, DashboardThread]) -> str:
    database = open_database(rig[1].database_url)
    with database.writing.begin() as session:
        session.add_all([OutageRow(outage_id=IDENT, component="database", detail="no_file", began_at=T, step_s=600),
                         OutageRow(outage_id="redis-20261122-040000", component="redis", detail="", began_at=T - timedelta(days=1),
                                   ended_at=T, over_at=T, lost=0)])
        session.flush()
        said = {"channel": "mail", "address": "boss@example.com", "error": "smtp_451", "rung": "2"}
        session.add(OutageLine(file="f", place=1, outage_id=IDENT, at=T, what="not_sent", data=said))
    database.close()
    return f"{rig[2].url}/api/v1/outages"


@pytest.mark.rule("C2")
def test_an_outage_is_listed_acknowledged_once_and_its_cause_noted_by_who_has_read_it(url: str) -> None:
    base = url.removesuffix("/api/v1/outages")
    with signed_in(base, Role.WALLBOARD) as wall, signed_in(base, Role.AGENT) as agent:
        assert {wall.get(url).status_code, agent.get(url).status_code} == {403}
    with signed_in(base, Role.OPERATIONS) as operations, signed_in(base, Role.LEADER) as leader:
        first = operations.get(url, params={"limit": 1}).json()
        second = operations.get(url, params={"limit": 1, "cursor": first["next"]}).json()
        assert [page["items"][0]["outage_id"] for page in (first, second)] == [IDENT, "redis-20261122-040000"]
        assert [one["outage_id"] for one in operations.get(url, params={"open": True}).json()["items"]] == [IDENT]
        key = {"Idempotency-Key": "once"}
        taken = operations.post(f"{url}/{IDENT}/acknowledge", headers=key).json()
        assert (taken["acknowledged_by"], taken["step"]) == ("operations", 10)
        assert leader.post(f"{url}/{IDENT}/acknowledge").json()["acknowledged_by"] == "operations"
        assert leader.post(f"{url}/redis-20261122-040000/acknowledge").json()["code"] == "outage_over"
        assert leader.post(f"{url}/trunk-20261122-040000/acknowledge").status_code == 404
        shown = leader.get(f"{url}/{IDENT}")
        [line] = shown.json()["lines"]
        assert (line["what"], line["rung"], line["error"]) == ("not_sent", "2", "smtp_451")
        assert line["address"] != "boss@example.com"
        cause = {"cause": "a full disk"}
        assert leader.put(f"{url}/{IDENT}/cause", json=cause).status_code == 428
        assert leader.put(f"{url}/{IDENT}/cause", json=cause, headers={"If-Match": '"1"'}).status_code == 412
        noted = leader.put(f"{url}/{IDENT}/cause", json=cause, headers={"If-Match": shown.headers["ETag"]})
        assert (noted.status_code, noted.json()["cause_by"]) == (200, "leader")
        assert leader.get(f"{url}/{IDENT}/callers").json() == {"callers": []}
        assert operations.get(f"{url}/{IDENT}/callers").status_code == 403
