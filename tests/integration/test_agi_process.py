"""`python -m agi` as the supervisor runs it: it answers without database and Redis, says so, and ends on SIGTERM."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.settings import new_settings

OFFSET = 290
CALL = b"agi_network: yes\nagi_network_script: lookup\nagi_callerid: 13800138000\n\n"


@pytest.fixture
def agi(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """With a database and a Redis that are not there."""
    new_settings(tmp_path, offset=OFFSET, site_file=tmp_path / "site.yaml").save()
    process = subprocess.Popen([sys.executable, "-m", "agi"], stdout=subprocess.PIPE, text=True,
                               env={"SIXRING_STATE": str(tmp_path), "PATH": "/usr/bin:/bin"})
    yield process
    process.kill()
    process.communicate()


def lines_until(process: subprocess.Popen[str], *events: str) -> list[dict[str, object]]:
    """Up to the line that completes `events`, whatever their order."""
    assert process.stdout is not None
    lines, wanted = [], set(events)
    for text in process.stdout:
        lines.append(json.loads(text))
        wanted.discard(lines[-1]["event"])
        if not wanted:
            return lines
    raise AssertionError(f"ended without {wanted}: {lines}")


def test_without_database_and_redis_a_caller_is_unknown_at_once_and_sigterm_ends_it_cleanly(agi: subprocess.Popen[str]) -> None:
    lines = lines_until(agi, "agi_ready", "redis_away")
    assert min(looked_up() for _ in range(5)) < 0.3
    agi.send_signal(signal.SIGTERM)
    lines += lines_until(agi, "agi_stopped")
    assert agi.wait(30) == 0
    assert {line["process"] for line in lines} == {"agi"}
    assert "13800138000" not in str(lines)


def looked_up() -> float:
    """How long it took, in s."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", 4573 + OFFSET), 30) as caller:
        caller.sendall(CALL)
        answered = b""
        while more := caller.recv(4096):
            answered += more
        caller.sendall(b"200 result=1\n")
    assert answered == b'SET VARIABLE "SIXRING_CALLER" "||0|"\n'
    return time.monotonic() - began
