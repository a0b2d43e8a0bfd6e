"""acd hears from crm who works here, keeps it, and puts out who has left."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import redis
from hotline.own_redis import Redis

from acd.agents.roster_keeper import RosterKeeper, read_roster
from acd.agents.treated import TreatedKeeper, treated_in
from callcenter.bus import Bus
from callcenter.roster import ROSTER, ROSTER_KEY, Agent, Roster
from callcenter.treated import TREATED, TREATED_KEY

CHEN, LI = Agent("801", "陈静", skills={"repair": 1}), Agent("802", "李明", skills={"repair": 2})


def publish(server: Redis, raw: bytes) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(ROSTER_KEY, raw)


@pytest.mark.rule("D1")
def test_treated_callers_are_taken_whole_and_what_nobody_can_ask_for_is_left_out(redis_server: Redis) -> None:
    async def play() -> None:
        heard: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        bus = Bus(redis_server.url)
        task = asyncio.create_task(TreatedKeeper(bus, heard.put_nowait, every_s=0.01).run())
        try:
            async with asyncio.timeout(60):
                with redis.Redis.from_url(redis_server.url) as client:
                    client.set(TREATED_KEY, b"{")
                    client.set(TREATED_KEY, TREATED.dump_json({"13900000006": "block", "1/../tier": "block", "1390": "A b"}))
                    assert await heard.get() == {"13900000006": "block"}
                    client.set(TREATED_KEY, b"{}")
                    assert await heard.get() == {}
        finally:
            task.cancel()
            await bus.close()

    assert treated_in(b"[1") is None, "the last list holds"
    asyncio.run(play())


def body(*agents: Agent) -> bytes:
    return ROSTER.dump_json(Roster({agent.code: agent for agent in agents}))


def test_every_new_roster_is_taken_and_kept_and_an_empty_or_broken_one_is_not(redis_server: Redis, tmp_path: Path) -> None:
    path = tmp_path / "floor/roster.json"
    assert read_roster(path) is None

    async def play() -> None:
        heard: asyncio.Queue[Roster] = asyncio.Queue()
        bus = Bus(redis_server.url)
        task = asyncio.create_task(RosterKeeper(bus, path, heard.put_nowait, every_s=0.01).run())
        try:
            async with asyncio.timeout(60):
                publish(redis_server, body(CHEN, LI))
                assert set((await heard.get()).agents) == {"801", "802"}
                for nothing in (body(), b"{"):
                    publish(redis_server, nothing)
                    await asyncio.sleep(0.05)
                assert heard.empty()
                publish(redis_server, body(LI))
                assert set((await heard.get()).agents) == {"802"}
                while (kept := read_roster(path)) is None or set(kept.agents) != {"802"}:
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await bus.close()

    asyncio.run(play())
