"""Both databases, copies of what the real migrations make; and journals, written as Asterisk writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from callcenter.phones import PATIENCE_S
from crm.database import Database, open_database

PATIENCE_MS = int(PATIENCE_S * 1000)     # SQLite has one writer at a time, and a busy machine keeps it long


@pytest.fixture
def database_url(migrated_url: str) -> str:
    return migrated_url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, busy_ms=PATIENCE_MS)
    yield database
    database.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def _call(index: int, kind: str, start: int = 1_795_000_000) -> tuple[list[str], list[str]]:
    """(queue_log lines, CEL lines) of one call of a kind; calls begin 2 s apart."""
    t = start + 2 * index
    call, leg = f"node1-{t}.{index * 10}", f"node1-{t + 10}.{index * 10 + 1}"

    def line(after: float, event: str, data: str = "", queue: str = "NONE", agent: str = "NONE") -> str:
        return f"{int(t + after)}|{call}|{queue}|{agent}|{event}|{data}"

    def cel(after: float, event: str, channel: str, name: str, extra: str = "") -> str:
        return f'"{event}","{t + after:.6f}","{channel}","{call}","{name}","139","from-trunk","s","Queue","","{extra}"'

    def bridged(after: float, event: str) -> list[str]:
        extra = f'{{""bridge_id"":""b-{index}"",""bridge_technology"":""simple_bridge""}}'
        both = (call, f"PJSIP/trunk-{index:08x}"), (leg, f"PJSIP/1001-{index:08x}")
        return [cel(after, event, channel, name, extra) for channel, name in both]

    lines = [
        line(0, "ENTERED", f"4008006666|139{index:08d}|node1"),
        line(0, "CALLER", "|zh"),
        line(3, "MENU", "main|1"),
    ]
    cels = [cel(0.1, "CHAN_START", call, f"PJSIP/trunk-{index:08x}")]
    if kind == "menu":
        lines += [line(5, "ENDED", "16")]
    else:
        lines += [line(4, "RECORDING", f"2026/11/22/{call}.wav", "repairs"), line(5, "ENTERQUEUE", "|139|1", "repairs")]
        cels += [cel(10.2, "CHAN_START", leg, f"PJSIP/1001-{index:08x}")]
    match kind:
        case "answered" | "unhappy":
            lines += [
                line(12, "CONNECT", f"7|{leg}|2", "repairs", "1001"),
                line(60, "COMPLETEAGENT", "7|48|1", "repairs"),
            ]
            cels += [
                cel(12.5, "ANSWER", leg, f"PJSIP/1001-{index:08x}"),
                *bridged(12.5, "BRIDGE_ENTER"),
                *bridged(60.5, "BRIDGE_EXIT"),
                cel(60.5, "HANGUP", leg, f"PJSIP/1001-{index:08x}"),
                cel(67.5, "HANGUP", call, f"PJSIP/trunk-{index:08x}"),
            ]
            lines += [line(66, "SURVEY", "3" if kind == "unhappy" else "1", "repairs", "1001"), line(67, "ENDED", "16")]
        case "abandoned" | "short_abandon":
            waited = 30 if kind == "abandoned" else 3
            lines += [line(5 + waited, "ABANDON", f"1|1|{waited}", "repairs"), line(5 + waited, "ENDED", "16")]
            cels += [cel(5.3 + waited, "HANGUP", leg, f"PJSIP/1001-{index:08x}")]
        case "message":
            lines += [
                line(35, "OVERFLOW", "1", "repairs"),
                line(95, "NOBODY", "", "repairs"),
                line(99, "CALLBACK", f"138{index:08d}", "repairs"),
                line(100, "ENDED", "16"),
            ]
    return lines, cels


KINDS = ("answered", "unhappy", "abandoned", "short_abandon", "message", "menu", "open")


@pytest.fixture(scope="session")
def call_lines() -> Callable[..., tuple[list[str], list[str]]]:
    return _call


@pytest.fixture(scope="session")
def kinds() -> tuple[str, ...]:
    return KINDS
