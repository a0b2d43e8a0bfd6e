"""Asks each part from outside whether it serves. An answer is "" when it does, else what it lacks."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING, Any

import redis
from pydantic import ValidationError

from callcenter.events import ComponentHealth, Health
from callcenter.heartbeat import PREFIX, heard, key_of
from callcenter.settings import LOOPBACK

if TYPE_CHECKING:
    from callcenter.settings import Settings


def redis_answers(settings: Settings) -> str:
    try:
        client(settings).ping()
    except (redis.RedisError, OSError) as error:
        return f"redis: {error}"
    return ""


def client(settings: Settings) -> Any:
    return redis.Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=1)


def port_answers(port: int, host: str = LOOPBACK) -> str:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        return f"port {port}: {error.strerror or error}"
    return ""


def web_answers(settings: Settings) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, settings.ports.web, timeout=3)
    try:
        connection.request("GET", "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"port {settings.ports.web}: {error}"
    finally:
        connection.close()
    return "" if status < 500 else f"HTTP {status}"


def health(settings: Settings) -> dict[str, ComponentHealth]:
    """What the processes say of themselves and of what they need; empty while Redis does not answer."""
    try:
        there = client(settings)
        names = sorted(there.scan_iter(f"{PREFIX}*", count=1000))
        values = there.mget(names) if names else []
    except (redis.RedisError, OSError):
        return {}
    found: dict[str, ComponentHealth] = {}
    for name, value in zip(names, values, strict=True):
        if value is None:
            continue
        try:
            found[name.decode().removeprefix(PREFIX)] = heard(value)
        except ValidationError:
            continue
    return found


def says_well(settings: Settings, component: str) -> str:
    state = health(settings).get(component)
    if state is None:
        return f"no {key_of(component)}"
    return "" if state.state is not Health.DOWN else f"{component} is down {state.detail}".strip()


class AmiRefused(Exception):
    """The manager answered, but not as asked."""


def ami_action(settings: Settings, password: str, action: dict[str, str], *, timeout: float = 5) -> str:
    """Logs in and does one action; the whole answer. Raises OSError or AmiRefused. Values are ours, not callers'."""
    with socket.create_connection(settings.ami_address, timeout=timeout) as line, line.makefile("rb") as reader:
        banner = reader.readline()
        if not banner.startswith(b"Asterisk Call Manager"):
            raise AmiRefused(f"not an Asterisk manager: {banner[:60]!r}")
        _send(line, {"Action": "Login", "Username": "sixring", "Secret": password, "Events": "off"})
        _accepted(_answer(reader))
        _send(line, action)
        answer = _answer(reader)
        _accepted(answer)
        return answer


def _send(line: socket.socket, fields: dict[str, str]) -> None:
    line.sendall("".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode() + b"\r\n")


def _answer(reader: Any) -> str:
    lines: list[str] = []
    while (raw := reader.readline()) not in (b"\r\n", b""):
        lines.append(raw.decode(errors="replace").rstrip())
    return "\n".join(lines)


def _accepted(answer: str) -> None:
    if not answer.startswith("Response: Success"):
        raise AmiRefused(answer.replace("\n", " "))
