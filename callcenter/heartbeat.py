"""How each process tells the others that it lives: one key a component, gone 15 s after its last word.

Written every few seconds by whoever knows: agi, acd, crm and dashboard for themselves, crm for the database, acd for
what it watches. The same functions serve redis-py's two clients; with the asyncio one the result is awaited.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter

from callcenter.events import ComponentHealth

EVERY_S: Final = 5.0
TTL_S: Final = 15
PREFIX: Final = "sixring:health:"
_HEALTH: Final[TypeAdapter[ComponentHealth]] = TypeAdapter(ComponentHealth)


def key_of(component: str) -> str:
    return PREFIX + component


def beat(client: Any, components: Iterable[ComponentHealth]) -> Any:
    """Writes all of them in one round trip. Raises redis.RedisError (asyncio: when awaited)."""
    pipe = client.pipeline(transaction=False)
    for health in components:
        pipe.set(key_of(health.component), _HEALTH.dump_json(health), ex=TTL_S)
    return pipe.execute()


def heard(raw: bytes) -> ComponentHealth:
    """Raises pydantic.ValidationError for what no process of this version writes."""
    return _HEALTH.validate_json(raw)
