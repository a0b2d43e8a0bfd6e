"""Stands in for acd where orders are asked: reads the stream, answers as it was told to, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import redis

from callcenter.commands import ANSWER, DONE, Answer, Command, Order, order_from_fields
from callcenter.orders import ANSWER_TTL_S, ORDERS, answer_key, orders_in

Verdict = Callable[[Command], tuple[str, str]]


def all_is_well(_: Command) -> tuple[str, str]:
    return DONE, ""


class OrdersReader:
    """`with OrdersReader(url) as acd:`; `acd.says` gives code and detail of the next answers."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.says: Verdict = all_is_well
        self.orders: list[Order] = []

    @property
    def asked(self) -> list[Command]:
        return [order.command for order in self.orders]

    def __enter__(self) -> Self:
        last = self._redis.xrevrange(ORDERS, count=1)
        self._cursor = last[0][0].decode() if last else "0-0"
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._redis.close()

    def _run(self) -> None:
        while not self._over.is_set():
            for cursor, fields in orders_in(self._redis.xread({ORDERS: self._cursor}, block=100)):
                self._cursor = cursor
                order = order_from_fields(fields)
                self.orders.append(order)
                code, detail = self.says(order.command)
                key = answer_key(order.order_id)
                self._redis.rpush(key, ANSWER.dump_json(Answer(order.order_id, code, detail)))
                self._redis.expire(key, ANSWER_TTL_S)
