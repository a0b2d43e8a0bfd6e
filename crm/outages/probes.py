"""Asks the parts themselves, without Redis and without the processes that usually say so. An answer is a `Seen`.

Standard library only. Every question has a deadline of a second or two.
"""

from __future__ import annotations

import http.client
import os
import socket
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from callcenter.disk import DiskLimits, verdict
from callcenter.runtime.pids import alive
from callcenter.sign import silent_for, since_boot
from crm.outages.ladder import Look, Seen

TIMEOUT_S: Final = 1.0
SQLITE: Final = "sqlite:///"
SSL_REQUEST: Final = bytes((0, 0, 0, 8, 4, 210, 22, 47))
WELL: Final = Seen(Look.OK)
HANGS: Final = "hangs"


def down(detail: object) -> Seen:
    return Seen(Look.DOWN, detail if isinstance(detail, str) else type(detail).__name__)


def asterisk(address: tuple[str, int]) -> Seen:
    """Its manager greets whoever connects, before any log-in."""
    try:
        with socket.create_connection(address, timeout=TIMEOUT_S) as line:
            line.settimeout(TIMEOUT_S)
            return WELL if line.recv(64).startswith(b"Asterisk Call Manager") else down("not_asterisk")
    except OSError as error:
        return down(error)


def agi(address: tuple[str, int]) -> Seen:
    """Its script `ping` hangs up at once; a process that is stopped takes the connection and says nothing."""
    try:
        with socket.create_connection(address, timeout=TIMEOUT_S) as line:
            line.settimeout(2 * TIMEOUT_S)
            line.sendall(b"agi_network_script: ping\n\n")
            line.recv(64)
    except ConnectionResetError:
        return WELL
    except OSError as error:
        return down(error)
    return WELL


def process(state: Path, name: str, hangs_s: float) -> Seen:
    """There, and its main loop has turned lately. One of an older version gives no sign, and is judged by its pid alone."""
    there = alive(state / "run" / f"{name}.pid")
    if there is None:
        return down("gone")
    silent = silent_for(state, name, since_boot())
    return WELL if silent is None or min(silent, there.uptime_s) < hangs_s else down(HANGS)


def pages(host: str, number: int) -> Seen:
    """The dashboard's process; its `/healthz` asks neither Redis nor the database."""
    line = http.client.HTTPConnection(host, number, timeout=2 * TIMEOUT_S)
    try:
        line.request("GET", "/healthz")
        status = line.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return down(error)
    finally:
        line.close()
    return WELL if status < 500 else down(f"http_{status}")


def network(hosts: Sequence[str]) -> Seen | None:
    """Down when none of them can be reached. One that refuses a connection is there: its answer came over the network."""
    if not hosts:
        return None
    for host in hosts:
        name, _, number = host.rpartition(":")
        try:
            socket.create_connection((name, int(number)), timeout=TIMEOUT_S).close()
        except ConnectionRefusedError:
            return WELL
        except OSError:
            continue
        return WELL
    return down("unreachable")


def database(url: str) -> Seen:
    """SQLite: its file is read. PostgreSQL: it answers on its port (asked for TLS, as any client begins)."""
    return _sqlite(Path(url[len(SQLITE):])) if url.startswith(SQLITE) else _postgres(url)


def _sqlite(file: Path) -> Seen:
    if not file.exists():
        return down("no_file")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_S)) as line:
            line.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        return down(error.sqlite_errorname if hasattr(error, "sqlite_errorname") else error)
    return WELL


def _postgres(url: str) -> Seen:
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    host = unquote(query.get("host", "")) or parts.hostname or "127.0.0.1"
    return postgres_at(host, parts.port or int(query.get("port", "5432")))


def postgres_at(host: str, number: int) -> Seen:
    """`host`: a name, an address, or the folder of its socket."""
    try:
        if host.startswith("/"):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(TIMEOUT_S)
            line.connect(f"{host}/.s.PGSQL.{number}")
        else:
            line = socket.create_connection((host, number), timeout=TIMEOUT_S)
    except OSError as error:
        return down(error)
    with line:
        try:
            line.settimeout(TIMEOUT_S)
            line.sendall(SSL_REQUEST)
            return WELL if line.recv(1) in (b"S", b"N") else down("not_postgresql")
        except OSError as error:
            return down(error)


def disk(folders: Sequence[Path], limits: DiskLimits, day: int) -> Seen:
    """The fullest of theirs; of one that is not there, of what it will be in."""
    try:
        found = [os.statvfs(next(each for each in (folder, *folder.parents) if each.exists())) for folder in folders]
    except OSError as error:
        return down(error)
    state, detail = verdict(min(one.f_bavail * one.f_frsize for one in found), limits, day)
    return Seen(Look(state), detail)
