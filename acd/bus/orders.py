"""Orders come in here, from the bus or from a phone's keypad, and each is carried out at most once, answered and audited.

A handler does what one kind of command asks for: whoever owns the kind puts it into `Handlers`. Orders about the same
agent, call or queue are carried out one after the other, others at the same time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from callcenter.bus import START, Bus
from callcenter.clock import Clock
from callcenter.commands import (
    ANSWER,
    DONE,
    Answer,
    BeginDrill,
    CancelRingBack,
    CloseQueue,
    Command,
    Dial,
    DrillCall,
    MoveCall,
    Order,
    RingBack,
    SetNotice,
    SetSurge,
    StopDialling,
    StopDrill,
    SwitchLine,
    order_from_fields,
)
from callcenter.errors import SixringError
from callcenter.events import OrderCarriedOut
from callcenter.orders import ANSWER_TTL_S, ORDERS, answer_key, orders_in

log = structlog.get_logger(__name__)

DONE_KEY: Final = "sixring:orders:done"      # the cursor of the last order that was taken
LONGEST_S: Final = 40.0                      # a handler that hangs costs its subject no more
REMEMBERED: Final = 1_000                    # ids of orders that were taken
RETRY_S: Final = 0.5
BLOCK_MS: Final = 5_000
ALREADY: Final = "already"      # detail of an answer: it was so before; what is said again and again fills no log

Handler = Callable[[Order], Awaitable[Answer]]
Handlers = dict[type[Any], Handler]
"""Command class → who carries it out. A handler answers with a code, or raises a SixringError, whose code is the answer."""


def done(order: Order, detail: str = "") -> Answer:
    return Answer(order.order_id, DONE, detail)


def refused(order: Order, code: str, detail: str = "") -> Answer:
    return Answer(order.order_id, code, detail)


def subject_of(command: Command) -> str:
    """Whom or what it is about: `agent:801`, `call:node1-…`, `queue:repair`, `callback:…`, `dial:…`."""
    match command:
        case MoveCall(call_id=call_id):
            return f"call:{call_id}"
        case CloseQueue(queue=queue):
            return f"queue:{queue}"
        case RingBack(callback_id=callback_id) | CancelRingBack(callback_id=callback_id):
            return f"callback:{callback_id}"
        case SetSurge():
            return "surge"
        case SetNotice(estate=estate):
            return f"notice:{estate}"
        case SwitchLine():
            return "line"
        case BeginDrill() | DrillCall() | StopDrill():
            return "drill"
        case Dial(task_id=task_id) | StopDialling(task_id=task_id):
            return f"dial:{task_id}"
        case _:
            return f"agent:{command.agent}"


class OrderDesk:
    """`take` may be called from anywhere in the loop; `answered` is given every answer, for whoever asked."""

    def __init__(self, handlers: Handlers, clock: Clock, put: Callable[[OrderCarriedOut], None]) -> None:
        """`handlers` may be filled after construction, before the first order."""
        self.handlers = handlers
        self._clock, self._put = clock, put
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._last: dict[str, asyncio.Task[Answer]] = {}     # by subject

    def take(self, order: Order) -> asyncio.Task[Answer] | None:
        """Begins to carry it out, after what was asked before about the same subject. None when it was taken already."""
        if order.order_id in self._seen:
            return None
        self._seen[order.order_id] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        subject = subject_of(order.command)
        task = asyncio.create_task(self._carry_out(order, subject, self._last.get(subject)))
        self._last[subject] = task
        task.add_done_callback(lambda over: self._forget(subject, over))
        return task

    def _forget(self, subject: str, over: asyncio.Task[Answer]) -> None:
        if self._last.get(subject) is over:
            del self._last[subject]

    async def _carry_out(self, order: Order, subject: str, before: asyncio.Task[Answer] | None) -> Answer:
        if before is not None:
            await asyncio.wait([before])
        answer = replace(await self._answer(order), order_id=order.order_id)
        command = type(order.command).__name__
        tell = log.debug if answer.detail == ALREADY else log.info
        tell("order", command=command, subject=subject, by=order.by, code=answer.code)
        self._put(OrderCarriedOut(self._clock.now(), order.order_id, order.by, command, subject, answer.code, answer.detail))
        return answer

    async def _answer(self, order: Order) -> Answer:
        if self._clock.now() > order.deadline:
            return refused(order, "too_late")
        handler = self.handlers.get(type(order.command))
        if handler is None:
            return refused(order, "refused")
        try:
            async with asyncio.timeout(LONGEST_S):
                return await handler(order)
        except TimeoutError:
            log.error("order_hung", command=type(order.command).__name__)
            return refused(order, "unavailable")
        except SixringError as error:
            log.warning("order_failed", command=type(order.command).__name__, reason=error.code)
            return refused(order, error.code)
        except Exception:
            # A fault in one handler is the answer to one order; the next one is carried out all the same.
            log.exception("order_broke", command=type(order.command).__name__)
            return refused(order, "internal")


@dataclass(frozen=True)
class IntakePacing:
    """Seconds."""

    retry: float = RETRY_S


class OrderIntake:
    """Reads the stream of orders and answers each on its key. Without Redis it waits; the phones' codes do not need it."""

    def __init__(self, bus: Bus, desk: OrderDesk, pacing: IntakePacing | None = None) -> None:
        self._redis: Any = bus.redis
        self._desk = desk
        self._pacing = pacing or IntakePacing()
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while True:
            try:
                await self._follow((await self._redis.get(DONE_KEY) or START.encode()).decode())
            except (RedisError, OSError) as error:
                log.warning("orders_lost", error=type(error).__name__)
                await asyncio.sleep(self._pacing.retry)

    async def _follow(self, cursor: str) -> None:
        while True:
            entries = orders_in(await self._redis.xread({ORDERS: cursor}, count=100, block=BLOCK_MS))
            if not entries:
                if not await self._redis.exists(ORDERS):
                    cursor = START      # Redis was emptied: its stream counts anew, perhaps from an earlier time
                continue
            cursor = entries[-1][0]
            await self._redis.set(DONE_KEY, cursor)   # before acting: rather an order lost than one carried out twice
            for _, fields in entries:
                self._begin(fields)

    def _begin(self, fields: dict[str, str]) -> None:
        try:
            order = order_from_fields(fields)
        except (KeyError, ValidationError):
            log.exception("order_not_understood", type=fields.get("type"))
            if ident := fields.get("id"):
                self._start(self._tell(Answer(ident, "refused")))
            return
        if task := self._desk.take(order):
            self._start(self._tell_when(task))

    def _start(self, act: Awaitable[None]) -> None:
        task = asyncio.ensure_future(act)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _tell_when(self, task: asyncio.Task[Answer]) -> None:
        await self._tell(await task)

    async def _tell(self, answer: Answer) -> None:
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                key = answer_key(answer.order_id)
                pipe.rpush(key, ANSWER.dump_json(answer))
                pipe.expire(key, ANSWER_TTL_S)
                await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("answer_lost", error=type(error).__name__)
