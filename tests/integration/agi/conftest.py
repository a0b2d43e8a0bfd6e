"""Both databases, and a Redis of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hotline.own_redis import Redis


@pytest.fixture
def url(empty_url: str) -> str:
    """An empty database, of both kinds in turn."""
    return empty_url


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    store = Redis(tmp_path / "redis")
    store.start()
    yield store.url
    store.lose()
