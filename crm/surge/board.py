"""The live board as acd keeps it in Redis; none while acd or its link to Asterisk is gone, for then it says what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import redis
from pydantic import TypeAdapter, ValidationError
from redis.backoff import NoBackoff
from redis.retry import Retry

from callcenter.board import BOARD_KEY
from callcenter.events import Board, Health
from callcenter.heartbeat import heard, key_of

WATCHED: Final = ("acd", "ami")


class NoBoard(Exception):
    """`code` says why, for the component's state."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class _Written:
    epoch: str
    cursor: str
    board: Board


_WRITTEN: Final[TypeAdapter[_Written]] = TypeAdapter(_Written)


class BoardReader:
    def __init__(self, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1,
                                                 retry=Retry(NoBackoff(), 0))      # the next round is soon

    def read(self) -> Board:
        """Raises NoBoard."""
        try:
            raw, *healths = self._redis.mget([BOARD_KEY, *(key_of(component) for component in WATCHED)])
        except redis.RedisError as error:
            raise NoBoard("redis") from error
        if raw is None:
            raise NoBoard("no_board")
        try:
            for component, said in zip(WATCHED, healths, strict=True):
                if said is None or heard(said).state is Health.DOWN:
                    raise NoBoard(f"{component}_silent" if said is None else f"{component}_down")
            return _WRITTEN.validate_json(raw).board
        except ValidationError as error:
            raise NoBoard("not_understood") from error

    def close(self) -> None:
        self._redis.close()
