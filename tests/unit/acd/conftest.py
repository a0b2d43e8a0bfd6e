"""Real AMI traces as input: recorded on a small Asterisk 22 with one queue, three seats and a trunk.

A trace is blank-line separated AMI messages, each after `@<epoch seconds>`; `Asked:` blocks mark where the actual state
was read in mid-call (Status, QueueStatus, PJSIPShowEndpoints), with the answers after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acd.ami.headers import Headers
from acd.floor.resync import Snapshot
from acd.plan import FloorPlan, QueuePlan, SeatPlan

TRACES = Path(__file__).parent / "traces"
LISTS = {"Status": "Status", "QueueStatus": "Queue", "PJSIPShowEndpoints": "EndpointList"}


@dataclass(frozen=True)
class Step:
    """An event, or a reading of the actual state."""

    at: datetime
    headers: Headers | None = None
    snapshot: Snapshot | None = None


@dataclass(frozen=True)
class Trace:
    name: str
    plan: FloorPlan
    steps: tuple[Step, ...]


def _blocks(path: Path) -> Iterator[tuple[datetime, Headers]]:
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip("\n").split("\n")
        if not lines[0].startswith("@"):
            continue
        headers: dict[str, str] = {}
        for line in lines[1:]:
            key, _, value = line.partition(":")
            name = key.lower()
            headers[name] = f"{headers[name]}\n{value.strip()}" if name in headers else value.strip()
        yield datetime.fromtimestamp(float(lines[0][1:]), UTC), headers


def _read(name: str) -> tuple[Step, ...]:
    blocks = list(_blocks(TRACES / f"{name}.txt"))
    answers: dict[str, dict[str, list[Headers]]] = {}
    for _, headers in blocks:
        label, _, action = headers.get("actionid", "").rpartition("-")
        if label.startswith("snapshot") and "event" in headers and not headers["event"].endswith("Complete"):
            answers.setdefault(label, {}).setdefault(action, []).append(headers)
    steps: list[Step] = []
    for at, headers in blocks:
        label, _, action = headers.get("actionid", "").rpartition("-")
        if headers.get("asked") == "Status":
            lists = answers.get(label, {})
            steps.append(Step(at, snapshot=Snapshot(
                lists.get("Status", []), lists.get("QueueStatus", []), lists.get("PJSIPShowEndpoints", []))))
        elif "event" in headers and not label.startswith("snapshot"):
            steps.append(Step(at, headers=headers))
    return tuple(steps)


@pytest.fixture
def plan() -> FloorPlan:
    """The floor on which the traces were recorded."""
    return FloorPlan(
        node="node1",
        seats={"1001": SeatPlan("1001", "陈静", "primary"), "1002": SeatPlan("1002", "李晓梅", "primary"),
               "1003": SeatPlan("1003", "后备一", "backup")},
        queues={"repair": QueuePlan("repair", 4)},
        overflow_s=7,
    )


@pytest.fixture
def trace(plan: FloorPlan) -> Callable[[str], Trace]:
    return lambda name: Trace(name, plan, _read(name))
