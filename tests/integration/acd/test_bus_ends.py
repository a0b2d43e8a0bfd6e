"""Whoever reads the bus for ever ends when told to, in whichever moment it is told."""

from __future__ import annotations

import asyncio

from hotline.own_redis import Redis

from callcenter.bus import START, Bus

MOMENTS = 40     # turns of the loop; a command to Redis takes fewer


def test_a_reader_of_the_bus_ends_at_whatever_moment_it_is_cancelled(redis_server: Redis) -> None:
    async def play(moment: int) -> bool:
        bus = Bus(redis_server.url)
        await bus.redis.ping()

        async def read_for_ever() -> None:
            while True:
                await bus.read(START, block_ms=1)

        reading = asyncio.create_task(read_for_ever())
        for _ in range(moment):
            await asyncio.sleep(0)
        reading.cancel()
        _, still = await asyncio.wait([reading], timeout=5)
        await bus.close()
        return not still

    assert [moment for moment in range(MOMENTS) if not asyncio.run(play(moment))] == []
