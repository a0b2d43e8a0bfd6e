"""What `doctor` and `status` say of the floor, from a real Redis and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from hotline.own_redis import Redis

from callcenter.board import BOARD, BOARD_KEY
from callcenter.bus import Publisher
from callcenter.cli.status import written
from callcenter.events import AgentShown, AgentState, Board, ComponentHealth, DriftMended, Health
from callcenter.heartbeat import beat
from callcenter.roster import ROSTER, ROSTER_KEY, Agent, Roster
from callcenter.runtime import floor_checks
from callcenter.runtime.findings import Bad, Check, Good
from callcenter.runtime.report import report
from callcenter.runtime.staffing import QueueStaff, queue_staff
from callcenter.settings import CHECKOUT, Settings, new_settings
from callcenter.site import load_site
from crm.database import open_database
from crm.migrate import migrate
from crm.staff.agents import seed_agents

SITE = CHECKOUT / "asterisk-config/site.yaml"
NOW = datetime.now(UTC)      # Redis numbers events by the clock


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("r"))
    server.start()
    yield server
    server.lose()


@pytest.fixture
def settings(store: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    with redis.Redis.from_url(store.url) as client:
        client.flushall()
    monkeypatch.setattr(floor_checks, "is_up", lambda _: True)
    return new_settings(tmp_path, offset=0, site_file=SITE, redis_url=store.url)


def publish_roster(store: Redis, *agents: Agent) -> None:
    with redis.Redis.from_url(store.url) as client:
        client.set(ROSTER_KEY, ROSTER.dump_json(Roster({agent.code: agent for agent in agents})))


def write_board(store: Redis, *agents: AgentShown) -> None:
    board = json.loads(BOARD.dump_json(Board(agents={agent.code: agent for agent in agents})))
    with redis.Redis.from_url(store.url) as client:
        client.set(BOARD_KEY, json.dumps({"epoch": "e", "cursor": "0-0", "board": board}))


def faults(check: Check, settings: Settings) -> list[str]:
    return [finding.what for finding in check(settings) if isinstance(finding, Bad)]


CHEN = AgentShown("801", "陈静", "service", AgentState.PAUSED, NOW, seat="1001")
SKILLED = Agent("801", "陈静", skills={"repair": 1})


def test_a_queue_without_an_agent_with_the_skill_is_a_fault(store: Redis, settings: Settings) -> None:
    publish_roster(store, SKILLED)
    write_board(store, CHEN)
    wrong = faults(floor_checks.queues, settings)
    assert "complaint: no agent has the skill" in wrong
    assert not [what for what in wrong if what.startswith("repair")]


def test_a_queue_whose_agents_are_all_at_home_is_a_fault(store: Redis, settings: Settings) -> None:
    publish_roster(store, SKILLED)
    write_board(store, replace(CHEN, state=AgentState.SIGNED_OUT, seat=None))
    assert "repair: none of 1 agents is signed in" in faults(floor_checks.queues, settings)


def test_a_roster_that_is_not_published_and_a_board_that_is_not_written_are_faults(settings: Settings) -> None:
    assert [what.split(":")[0] for what in faults(floor_checks.queues, settings)] == ["no roster is published",
                                                                                    "acd has written no board"]


def test_drift_within_the_hour_is_a_fault_and_names_what_was_mended(store: Redis, settings: Settings) -> None:
    assert [type(finding) for finding in floor_checks.drift(settings)] == [Good]
    Publisher(store.url).publish(DriftMended(NOW, "node1", ("QueueRemove queue=repair", "QueuePause queue=repair")))
    [what] = faults(floor_checks.drift, settings)
    assert what == "acd mended 2 in Asterisk's queues within the hour, last QueueRemove queue=repair"


def test_drift_of_long_ago_is_none(store: Redis, settings: Settings) -> None:
    with redis.Redis.from_url(store.url) as client:
        kind, body = "DriftMended", json.dumps({"at": NOW.isoformat(), "node": "node1", "mended": ["QueueAdd"]})
        client.xadd("sixring:events", {"type": kind, "body": body}, id=int((NOW - timedelta(minutes=61)).timestamp() * 1000))
    assert faults(floor_checks.drift, settings) == []


def test_figures_that_nobody_can_explain_are_a_fault(store: Redis, settings: Settings) -> None:
    assert list(floor_checks.figures(settings)) == []
    with redis.Redis.from_url(store.url) as client:
        beat(client, [ComponentHealth("figures", Health.DEGRADED, NOW, "unexplained=3")])
    assert faults(floor_checks.figures, settings) == ["differences that nobody can explain: unexplained=3"]


def test_agents_without_a_pin_are_a_fault(settings: Settings) -> None:
    assert list(floor_checks.pins(settings)) == []
    site = load_site(SITE)
    database = open_database(settings.database_url)
    migrate(database)
    with database.writing.begin() as session:
        seed_agents(session, site, {agent.code: "4711" for agent in site.agents[1:]}, NOW)
    database.close()
    assert faults(floor_checks.pins, settings) == [f"no PIN: {site.agents[0].code}"]


def test_status_says_how_many_of_each_queue_are_signed_in(store: Redis, settings: Settings) -> None:
    assert queue_staff(settings, load_site(SITE)) == []
    publish_roster(store, SKILLED, Agent("802", "李明", skills={"repair": 2}))
    write_board(store, CHEN)
    assert QueueStaff("repair", skilled=2, signed_in=1, waiting=0) in queue_staff(settings, load_site(SITE))
    assert "1 of 2 agents signed in, 0 waiting" in written(report(settings))
