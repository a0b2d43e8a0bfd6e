"""As much of Redis' protocol as the guard needs, in one small file: the client library alone is twice the guard's memory.

Reads the health keys and the board, publishes events, beats. Every call has a deadline; an error closes the connection.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from crm.outages.ladder import Outage, Seen

# The same as callcenter.heartbeat, callcenter.bus and callcenter.board say, which import far more; a test compares.
HEALTH: Final = "sixring:health:"
TTL_S: Final = 15
STREAM: Final = "sixring:events"
KEPT_EVENTS: Final = 100_000
BOARD: Final = "sixring:board"
TIMEOUT_S: Final = 1.0
LONGEST: Final = 64 * 1024 * 1024

Answer = bytes | int | list[Any] | None


class RedisAway(Exception):
    """It does not answer, or not as Redis does."""


class Wire:
    """Connects when it is first needed. Not for several threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._socket: socket.socket | None = None
        self._left = b""
        self.answers_since: float | None = None      # monotonic; None: it does not

    def health(self) -> dict[str, Any]:
        """What each component's key says, as JSON's values. Raises RedisAway."""
        names: list[bytes] = []
        cursor = b"0"
        while True:
            found = self.ask("SCAN", cursor, "MATCH", f"{HEALTH}*", "COUNT", "1000")
            if not isinstance(found, list):
                raise RedisAway("scan")
            cursor, page = found
            names += page
            if cursor == b"0":
                break
        values = self.ask("MGET", *sorted(set(names))) if names else []
        read: dict[str, Any] = {}
        for name, value in zip(sorted(set(names)), values if isinstance(values, list) else [], strict=False):
            try:
                read[name.decode()[len(HEALTH):]] = json.loads(value)
            except (TypeError, ValueError):     # expired since, or not ours
                continue
        return read

    def board(self) -> dict[str, Any] | None:
        """acd's. Raises RedisAway."""
        raw = self.ask("GET", BOARD)
        try:
            found = json.loads(raw) if isinstance(raw, bytes) else None
        except ValueError:
            return None
        return found["board"] if isinstance(found, dict) and isinstance(found.get("board"), dict) else None

    def publish(self, outage: Outage, at: datetime, next_at: datetime | None) -> None:
        """`OutageChanged`, as every reader of the bus knows it. Raises RedisAway."""
        body = {"at": _iso(at), "outage": {
            "outage_id": outage.outage_id, "component": outage.component, "began_at": _iso(outage.began_at),
            "step": int(outage.step_s // 60), "next_at": _iso(next_at), "acknowledged_by": outage.acknowledged_by,
            "ended_at": _iso(outage.ended_at)}}
        self.ask("XADD", STREAM, "MAXLEN", "~", str(KEPT_EVENTS), "*", "type", "OutageChanged", "body", json.dumps(body))

    def beat(self, looks: Mapping[str, Seen], since: Mapping[str, datetime]) -> None:
        """Raises RedisAway."""
        for name, seen in looks.items():
            value = {"component": name, "state": seen.look.value, "since": _iso(since[name]), "detail": seen.detail}
            self.ask("SET", HEALTH + name, json.dumps(value), "EX", str(TTL_S))

    def ask(self, *words: str | bytes) -> Answer:
        """Raises RedisAway."""
        try:
            line = self._connected()
            line.sendall(_packed(words))
            answer = self._answer(time.monotonic() + TIMEOUT_S)
        except (OSError, ValueError, IndexError) as error:
            self.close()
            raise RedisAway(type(error).__name__) from error
        if isinstance(answer, RedisAway):
            self.close()
            raise answer
        self.answers_since = self.answers_since or time.monotonic()
        found: Answer = answer
        return found

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._left, self.answers_since = None, b"", None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            parts = urlsplit(self._url)
            self._socket, self._left = _connect(parts.scheme, parts.hostname or "127.0.0.1", parts.port or 6379, parts.path), b""
            if parts.password is not None:
                self._say("AUTH", *([unquote(parts.username)] if parts.username else []), unquote(parts.password))
            number = parse_qs(parts.query).get("db", [""])[0] or (parts.path.strip("/") if parts.scheme != "unix" else "")
            if number not in ("", "0"):
                self._say("SELECT", number)
        return self._socket

    def _say(self, *words: str) -> None:
        assert self._socket is not None
        self._socket.sendall(_packed(words))
        answer = self._answer(time.monotonic() + TIMEOUT_S)
        if isinstance(answer, RedisAway):
            raise OSError(str(answer))

    def _answer(self, until: float) -> Any:
        kind, rest = self._line(until)
        match kind:
            case b"+":
                return rest
            case b"-":
                return RedisAway(rest.split(b" ")[0].decode(errors="replace"))
            case b":":
                return int(rest)
            case b"$":
                return None if int(rest) < 0 else self._bytes(int(rest), until)
            case b"*":
                return None if int(rest) < 0 else [self._answer(until) for _ in range(int(rest))]
            case _:
                raise ValueError("not Redis")

    def _line(self, until: float) -> tuple[bytes, bytes]:
        while b"\r\n" not in self._left:
            self._more(until)
        line, _, self._left = self._left.partition(b"\r\n")
        return line[:1], line[1:]

    def _bytes(self, count: int, until: float) -> bytes:
        if count > LONGEST:
            raise ValueError("too long")
        while len(self._left) < count + 2:
            self._more(until)
        found, self._left = self._left[:count], self._left[count + 2:]
        return found

    def _more(self, until: float) -> None:
        assert self._socket is not None
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        got = self._socket.recv(65_536)
        if not got:
            raise ConnectionResetError
        self._left += got


def _connect(scheme: str, host: str, port: int, path: str) -> socket.socket:
    if scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(TIMEOUT_S)
        try:
            line.connect(unquote(path))
        except OSError:
            line.close()
            raise
        return line
    plain = socket.create_connection((host, port), timeout=TIMEOUT_S)
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host) if scheme == "rediss" else plain


def _packed(words: tuple[str | bytes, ...]) -> bytes:
    raw = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
