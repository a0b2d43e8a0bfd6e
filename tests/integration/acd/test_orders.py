"""Orders over a real Redis: carried out once, in order for each agent, answered on their key, audited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
import redis.asyncio

from acd.bus.orders import DONE_KEY, Handlers, IntakePacing, OrderDesk, OrderIntake, done, refused, subject_of
from callcenter.bus import Bus
from callcenter.clock import FakeClock, SystemClock
from callcenter.commands import (
    Answer,
    CloseQueue,
    Command,
    MoveCall,
    Order,
    Pause,
    PauseReason,
    Resume,
    RingBack,
    order_to_fields,
)
from callcenter.errors import Unavailable
from callcenter.events import OrderCarriedOut
from callcenter.orders import ORDERS, Asker, answer_key

RedisServer = Any     # conftest.py
CLOCK = SystemClock()


def an_order(command: Command, ident: str = "o1", *, seconds: float = 60) -> Order:
    now = CLOCK.now()
    return Order(ident, "liufang", now, now + timedelta(seconds=seconds), command)


class Audit:
    def __init__(self) -> None:
        self.events: list[OrderCarriedOut] = []

    def __call__(self, event: OrderCarriedOut) -> None:
        self.events.append(event)

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]


@asynccontextmanager
async def intake(url: str, handlers: Handlers, audit: Audit) -> AsyncIterator[OrderDesk]:
    desk, bus = OrderDesk(handlers, CLOCK, audit), Bus(url)
    task = asyncio.create_task(OrderIntake(bus, desk, IntakePacing(retry=0.02)).run())
    try:
        async with asyncio.timeout(60):
            yield desk
    finally:
        task.cancel()
        await asyncio.wait([task])
        await bus.close()


def counting(carried: list[str]) -> Callable[[Order], Awaitable[Answer]]:
    async def handler(order: Order) -> Answer:
        carried.append(order.order_id)
        return done(order, "1003")
    return handler


def test_an_order_is_carried_out_answered_and_audited(redis_server: RedisServer) -> None:
    carried: list[str] = []
    audit = Audit()

    async def play() -> None:
        async with intake(redis_server.url, {Resume: counting(carried)}, audit):
            answer = await asyncio.to_thread(Asker(redis_server.url, CLOCK).ask, Resume("801"), "liufang")
        assert (answer.code, answer.detail, carried) == ("done", "1003", [answer.order_id])
        event = audit.events[0]
        assert (event.by, event.command, event.subject, event.code) == ("liufang", "Resume", "agent:801", "done")

    asyncio.run(play())


def test_an_order_is_never_carried_out_by_the_next_process_too(redis_server: RedisServer) -> None:
    carried: list[str] = []
    began = asyncio.Event()

    async def dies(order: Order) -> Answer:
        carried.append(order.order_id)
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def play() -> None:
        client = redis.asyncio.Redis.from_url(redis_server.url)
        async with intake(redis_server.url, {Resume: dies}, Audit()):
            await client.xadd(ORDERS, order_to_fields(an_order(Resume("801"))))
            await began.wait()
        async with intake(redis_server.url, {Resume: counting(carried)}, Audit()):
            await client.xadd(ORDERS, order_to_fields(an_order(Resume("802"), "o2")))
            assert await client.blpop([answer_key("o2")], timeout=60)
        assert carried == ["o1", "o2"]
        await client.aclose()

    asyncio.run(play())


def test_an_order_whose_deadline_is_over_is_answered_too_late_and_not_acted_on(redis_server: RedisServer) -> None:
    carried: list[str] = []
    audit = Audit()

    async def play() -> None:
        client = redis.asyncio.Redis.from_url(redis_server.url)
        await client.xadd(ORDERS, order_to_fields(an_order(Resume("801"), seconds=-1)))
        async with intake(redis_server.url, {Resume: counting(carried)}, audit):
            _, raw = await client.blpop([answer_key("o1")], timeout=60)
        assert b'"too_late"' in raw
        assert (carried, audit.codes) == ([], ["too_late"])
        await client.aclose()

    asyncio.run(play())


def test_what_cannot_be_read_is_refused_and_holds_nobody_up(redis_server: RedisServer) -> None:
    carried: list[str] = []

    async def play() -> None:
        client = redis.asyncio.Redis.from_url(redis_server.url)
        async with intake(redis_server.url, {Resume: counting(carried)}, Audit()):
            await client.xadd(ORDERS, {"id": "bad", "type": "DropEverything", "body": "{}"})
            await client.xadd(ORDERS, {"nonsense": "1"})
            await client.xadd(ORDERS, order_to_fields(an_order(Resume("801"))))
            _, raw = await client.blpop([answer_key("bad")], timeout=60)
            assert b'"refused"' in raw
            assert await client.blpop([answer_key("o1")], timeout=60)
        await client.aclose()

    asyncio.run(play())


def test_orders_go_on_after_redis_was_away(redis_server: RedisServer) -> None:
    carried: list[str] = []

    async def play() -> None:
        async with intake(redis_server.url, {Resume: counting(carried)}, Audit()):
            await asyncio.to_thread(Asker(redis_server.url, CLOCK).ask, Resume("801"), "liufang")
            redis_server.lose()
            redis_server.start()
            await asyncio.to_thread(Asker(redis_server.url, CLOCK).ask, Resume("801"), "liufang")
        assert len(carried) == 2
        client = redis.asyncio.Redis.from_url(redis_server.url)
        assert await client.get(DONE_KEY)
        await client.aclose()

    asyncio.run(play())


def test_orders_about_one_agent_wait_for_each_other_and_for_nobody_else() -> None:
    carried: list[str] = []
    go = asyncio.Event()

    async def slow(order: Order) -> Answer:
        await go.wait()
        carried.append(order.order_id)
        return done(order)

    async def play() -> None:
        desk = OrderDesk({Pause: slow, Resume: counting(carried)}, CLOCK, Audit())
        first = desk.take(an_order(Pause("801", PauseReason.MEAL), "first"))
        second = desk.take(an_order(Resume("801"), "second"))
        other = desk.take(an_order(Resume("802"), "other"))
        assert first
        assert second
        assert other
        async with asyncio.timeout(60):
            await other
            go.set()
            await asyncio.gather(first, second)
        assert carried == ["other", "first", "second"]
        assert desk.take(an_order(Resume("801"), "second")) is None

    asyncio.run(play())


def test_a_handler_that_fails_answers_with_its_code_and_costs_nobody_else() -> None:
    async def ami_is_down(order: Order) -> Answer:
        raise Unavailable("ami")

    async def broken(order: Order) -> Answer:
        raise ZeroDivisionError

    async def says_no(order: Order) -> Answer:
        return refused(order, "seat_taken", "803")

    async def code_of(handlers: Handlers, command: Command) -> str:
        task = OrderDesk(handlers, CLOCK, Audit()).take(an_order(command))
        assert task
        return (await task).code

    async def play() -> None:
        assert await code_of({Resume: ami_is_down}, Resume("801")) == "unavailable"
        assert await code_of({Resume: broken}, Resume("801")) == "internal"
        assert await code_of({Resume: says_no}, Resume("801")) == "seat_taken"
        assert await code_of({}, Resume("801")) == "refused"

    asyncio.run(play())


def test_what_an_order_is_about() -> None:
    assert subject_of(Resume("801")) == "agent:801"
    assert subject_of(MoveCall("node1-1.2", "repair")) == "call:node1-1.2"
    assert subject_of(CloseQueue("repair", closed=True)) == "queue:repair"
    assert subject_of(RingBack("7", 1, "13800138000", "repair")) == "callback:7"


def test_an_order_waits_no_longer_than_its_deadline_for_the_one_before() -> None:
    clock = FakeClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))

    async def slow(order: Order) -> Answer:
        clock.advance(10)
        return done(order)

    async def play() -> None:
        desk = OrderDesk({Pause: slow, Resume: slow}, clock, Audit())
        until = clock.now() + timedelta(seconds=4)
        first = desk.take(Order("1", "x", clock.now(), until, Pause("801", PauseReason.MEAL)))
        second = desk.take(Order("2", "x", clock.now(), until, Resume("801")))
        assert first
        assert second
        assert [(await first).code, (await second).code] == ["done", "too_late"]

    asyncio.run(play())
