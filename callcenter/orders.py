"""Orders over the bus: asked by dashboard and crm, carried out by acd, answered each on a key of its own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import redis

from callcenter.bus import entries_of
from callcenter.clock import Clock
from callcenter.commands import ANSWER, Answer, Command, Order, order_to_fields
from callcenter.errors import Unavailable

ORDERS: Final = "sixring:orders"
KEPT_ORDERS: Final = 10_000
ANSWER_TTL_S: Final = 60
ASK_FOR_S: Final = 4.0


class NotAnswered(Unavailable):
    """acd did not answer in time; the order's deadline is over, so it will not be carried out later either."""

    code = "acd_silent"


def answer_key(order_id: str) -> str:
    return f"sixring:answer:{order_id}"


class Asker:
    """For threads: dashboard's routes and crm's jobs ask through it."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=ASK_FOR_S + 2, socket_connect_timeout=1)
        self._clock = clock

    def ask(self, command: Command, by: str, *, within_s: float = ASK_FOR_S) -> Answer:
        """Raises NotAnswered, or Unavailable when the bus is down."""
        now = self._clock.now()
        order = Order(uuid.uuid4().hex, by, now, now + timedelta(seconds=within_s), command)
        try:
            self._redis.xadd(ORDERS, order_to_fields(order), maxlen=KEPT_ORDERS, approximate=True)
            found = self._redis.blpop([answer_key(order.order_id)], timeout=within_s)
        except redis.RedisError as error:
            raise Unavailable("bus") from error
        if found is None:
            raise NotAnswered(type(command).__name__)
        return ANSWER.validate_json(found[1])

    def told(self, key: str) -> str | None:
        """What acd has last said there; None: nothing yet. Raises Unavailable when the bus is down."""
        try:
            found = self._redis.get(key)
        except redis.RedisError as error:
            raise Unavailable("bus") from error
        return None if found is None else str(found.decode(errors="replace"))


def orders_in(answer: Any) -> Sequence[tuple[str, dict[str, str]]]:
    """(cursor, fields) of each entry of an XREAD answer, for acd."""
    return [(key.decode(), {name.decode(): value.decode() for name, value in fields.items()})
            for key, fields in entries_of(answer)]
