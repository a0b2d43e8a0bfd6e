"""A line that is forecast from its own calls, is compared with what comes, and loses agents in the middle of a morning (C6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk.counter import Counter
from desk.stories import notices, well
from sqlalchemy import event, select

from callcenter.roles import Role
from crm.agentlog.models import AgentStateRow
from crm.calls.models import CallRow
from crm.clocks.service import tick
from crm.database import Database
from crm.forecast.keeper import ForecastKeeper
from crm.forecast.models import ForecastInterval
from crm.forecast.service import arrivals_expected
from crm.kinds.load import shipped_texts
from crm.simulator.history import past_calls
from crm.simulator.plan import WhatIf, of_trace
from crm.staff.agents import seed_agents
from crm.staff.audit import audit_of

TEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)      # Monday, 10:00 in Shanghai
HALF = timedelta(minutes=30)


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def calls(database: Database, day: datetime, a_half_hour: int, *, halves: int = 16) -> None:
    """From 08:00 local on, each answered by 1001 but one in ten; nobody wonders at a queue that is not the site's."""
    with database.writing.begin() as session:
        for number in range(a_half_hour * halves):
            at = day + timedelta(seconds=number * 1800 / a_half_hour + 1)
            gone = number % 10 == 9
            session.add(CallRow(
                call_id=f"node1-{at.timestamp():.0f}.{number}", node="node1", menu_keys=[], queue="repair", stage=0, entered_at=at,
                queued_at=at, answered_at=None if gone else at + timedelta(seconds=6), ended_at=at + timedelta(seconds=150),
                seats_rung=[], outcome="abandoned" if gone else "answered", wait_s=40.0 if gone else 6.0,
                talk_s=None if gone else 144.0, answered_agent=None if gone else "1001", fold={}))


def signed_in(database: Database, agents: list[str], state: str = "ready", reason: str = "") -> None:
    with database.writing.begin() as session:
        for agent in agents:
            session.add(AgentStateRow(node="node1", agent=agent, seat=agent, state=state, reason=reason, by="", call_id=None,
                                      began_at=TEN - timedelta(hours=2), ended_at=None))


@pytest.mark.rule("C6", part="the forecast and the proposal at once; from two out on the manager is told")
def test_what_comes_is_forecast_compared_and_answered_with_who_is_left_and_the_manager_knows_of_two(counter: Counter) -> None:
    leader, agent, manager = (counter.person(role) for role in (Role.LEADER, Role.AGENT, Role.MANAGER))
    keeper = ForecastKeeper(counter.database, counter.site, counter.clock)
    assert leader.ask("GET", "/forecast/staffing").json()["code"] == "not_forecast"
    assert keeper.step()
    with counter.database.reading() as session:
        assert session.scalar(select(ForecastInterval.queue).limit(1)) is None, "of a line without a past nothing is said"
        assert arrivals_expected(session, TEN, TEN + HALF) is None
    for back in range(1, 15):
        if (TEN - timedelta(days=back)).weekday() < 5:
            calls(counter.database, TEN - timedelta(days=back, hours=2), 20)
    keeper.step()
    assert not keeper.step(), "nothing more until the next half hour"
    counter.clock.advance((TEN - counter.clock.now()).total_seconds())
    calls(counter.database, TEN - timedelta(hours=2), 40, halves=4)
    keeper.step()
    asked: list[str] = []
    event.listen(counter.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    keeper.step()
    assert len(asked) == 0, "a look that finds nothing due asks nothing"

    today = leader.read("/forecast/arrivals", queue="repair")
    assert (today["first"], len(today["intervals"])) == ("2026-11-23", 48)
    by_time = {one["begins_at"]: one for one in today["intervals"]}
    nine = by_time["2026-11-23T01:00:00Z"]
    assert nine["expected"] == pytest.approx(20, abs=2)
    assert nine["low"] < 20 < nine["high"]
    assert nine["came"] == 40
    assert by_time["2026-11-23T02:00:00Z"]["came"] is None, "it goes on"
    assert today["error"]["came"] == 120, "counted two minutes after a half hour, when the journal has been read"
    assert today["error"]["share"] == pytest.approx(0.5, abs=0.05)
    assert today["error"]["bias"] == pytest.approx(-0.5, abs=0.05)
    with counter.database.reading() as session:
        assert arrivals_expected(session, TEN - 1.5 * HALF, TEN) == pytest.approx(30, abs=3)
        assert arrivals_expected(session, TEN - 1.5 * HALF, TEN, ["no-such"]) is None
        again = past_calls(session, date(2026, 11, 16), date(2026, 11, 17), ZoneInfo("Asia/Shanghai"))
    assert len(again.calls) == 640
    assert len(of_trace(again, WhatIf(agents=4)).run(1).offered) == 640
    backwards = leader.ask("GET", "/forecast/arrivals", params={"from": "2026-11-01", "to": "2026-10-01"})
    assert backwards.json()["code"] == "range_too_long"
    assert agent.ask("GET", "/forecast/arrivals").status_code == 403

    agents = [agent.code for agent in counter.site.agents if "repair" in agent.skills]
    with counter.database.writing.begin() as session:
        seed_agents(session, counter.site, {}, counter.clock.now())
    signed_in(counter.database, agents[:3])
    now = leader.read("/forecast/staffing", count=2)["intervals"]
    [repair] = [one for one in now[0]["queues"] if one["queue"] == "repair"]
    assert repair["agents"] == 3
    assert 0.8 < repair["answered"] <= 1
    assert repair["needed"] >= 2

    told = {"agents": agents[:1], "since": "2026-11-23T01:55:00Z"}
    first = leader.ask("POST", "/forecast/fallen-out", json=told, key="a")
    assert first.status_code == 201, first.text
    one = first.json()
    assert one["proposal"]["is_forecast"]
    assert leader.ask("POST", "/forecast/fallen-out", json=told, key="a").json() == one, "sent twice, told once"
    assert (one["out"], one["in_time"], one["manager_told"]) == (1, True, False)
    before, left = (one["proposal"]["intervals"][0][which]["queues"][0]["agents"] for which in ("before", "left"))
    assert before == left + 1
    assert notices(manager) == []

    counter.clock.advance(660)
    two = leader.ask("POST", "/forecast/fallen-out", json={"agents": agents[1:2], "since": "2026-11-23T02:00:00Z"}).json()
    assert (two["out"], two["in_time"], two["manager_told"]) == (2, False, True)
    worst = min(two["proposal"]["intervals"], key=lambda each: each["left"]["answered"])
    assert worst["left"]["answered"] < 0.95
    assert worst["proposed"]["answered"] > worst["left"]["answered"]
    brought = [each["agent"] for each in two["proposal"]["bring"]]
    assert brought
    assert not set(brought) & set(agents[:3]), "neither who is out nor who is at work"
    assert notices(manager) == [("agents_out", "told", "manager")]
    [ticket] = manager.read("/tickets", kind="agents_out")["items"]
    said = manager.read(f"/tickets/{ticket['ticket_id']}")["fields"]
    assert said["out"] == 2
    assert brought[0] in said["bring"]
    counter.clock.advance(660)
    with counter.database.writing.begin() as session:
        tick(session, counter.clock.now(), 10)
    assert len(notices(manager)) == 2, "nobody has decided within ten minutes"

    listed = leader.read("/forecast/fallen-out")["items"]
    assert [each["report_id"] for each in listed] == [two["report_id"], one["report_id"]]
    assert leader.read(f"/forecast/fallen-out/{one['report_id']}") == one
    with counter.database.writing.begin() as session:
        assert [row.who for row in audit_of(session, f"fallen-out:{one['report_id']}")] == ["leader"]
        for code, states in ((agents[0], ("signed_out", "ready")), (agents[1], ("ringing", "ready"))):
            for row in session.scalars(select(AgentStateRow).where(AgentStateRow.agent == code)):
                row.ended_at = TEN + timedelta(minutes=12)
            session.add_all(AgentStateRow(
                node="node1", agent=code, seat=code, state=state, reason="", by="", call_id=None,
                began_at=TEN + timedelta(minutes=12 + 3 * place), ended_at=TEN + timedelta(minutes=15) if place == 0 else None)
                for place, state in enumerate(states))
    three = leader.ask("POST", "/forecast/fallen-out", json={"agents": agents[2:3]}).json()
    assert three["out"] == 2, "who has signed in again is out no more; whose phone was rung, not picked up and is free again, is"
    assert leader.ask("POST", "/forecast/fallen-out", json={"agents": ["99999"]}).status_code == 404
    assert leader.ask("POST", "/forecast/fallen-out", json={"agents": agents[-1:]}).json()["code"] == "not_here"


class Looks(threading.Event):
    """Never set, but for who does not stop looking."""

    asked = 0

    def is_set(self) -> bool:
        self.asked += 1
        return self.asked > 20


def test_a_day_is_counted_to_its_last_half_hour_before_the_next_one_is_forecast(counter: Counter) -> None:
    leader, keeper = counter.person(Role.LEADER), ForecastKeeper(counter.database, counter.site, counter.clock)
    calls(counter.database, counter.clock.now() - timedelta(hours=4), 20, halves=4)
    assert keeper.step()
    for day in (22, 23):        # the first one without a forecast, and crm away since noon
        late = datetime(2026, 11, day, 15, 30, tzinfo=UTC)
        calls(counter.database, late, 2, halves=1)
        for seconds, came in ((40, None), (121, 2)):
            counter.clock.advance((late + HALF + timedelta(seconds=seconds) - counter.clock.now()).total_seconds())
            looks = Looks()
            keeper.step(looks)
            assert looks.asked < 20, "what is not to be counted yet is not waited for"
            told = leader.read("/forecast/arrivals", **{"from": f"2026-11-{day}", "queue": "repair"})["intervals"]
            assert {one["begins_at"]: one["came"] for one in told}.get(f"2026-11-{day}T15:30:00Z") == came
    [first, *_] = leader.read("/forecast/arrivals", **{"from": "2026-11-24", "queue": "repair"})["intervals"]
    assert first["expected"] is not None


@pytest.mark.rule("C6", part="also on a line's first day")
def test_on_a_lines_first_day_the_last_hour_is_gone_by_and_the_manager_is_told(counter: Counter) -> None:
    leader, manager, now = counter.person(Role.LEADER), counter.person(Role.MANAGER), counter.clock.now()
    agents = [agent.code for agent in counter.site.agents if "repair" in agent.skills]
    with counter.database.writing.begin() as session:
        seed_agents(session, counter.site, {}, now)
    signed_in(counter.database, agents)
    calls(counter.database, now - HALF, 20, halves=1)
    told = leader.ask("POST", "/forecast/fallen-out", json={"agents": agents[:2]})
    assert told.status_code == 201, told.text
    assert (told.json()["manager_told"], told.json()["proposal"]["is_forecast"]) == (True, False)
    for interval in told.json()["proposal"]["intervals"]:
        [repair] = [one for one in interval["left"]["queues"] if one["queue"] == "repair"]
        assert repair["calls"] == pytest.approx(20, abs=0.1)
    assert notices(manager) == [("agents_out", "told", "manager")]

    shipped = shipped_texts()["agents_out"]
    kinds = (shipped.replace("  short: {name", "  lacking: {name"),
             shipped.replace("type: number, required: true, least: 1, most: 2000", "type: text, required: true, longest: 10"))
    for kind, who, is_told in zip(kinds, agents[2:4], [True, False], strict=True):
        well(manager.ask("PUT", "/kinds/agents_out", content=kind.encode(), headers={"Content-Type": "text/yaml"}))
        again = leader.ask("POST", "/forecast/fallen-out", json={"agents": [who]})
        assert again.status_code == 201, "whatever the site has made of its kind, the proposal is there"
        assert again.json()["manager_told"] is is_told
    assert len(manager.read("/tickets", kind="agents_out")["items"]) == 2
