"""How well each part is, judged from figures; only a change is told. Pure; acd/health/watch.py collects the figures.

| component  | OK                                   | DEGRADED                  | DOWN |
|------------|--------------------------------------|---------------------------|--------------------------------------|
| ami        | every node's link is up              | some are                  | none is                              |
| asterisk   | answers CoreStatus                   | some nodes do             | none does                            |
| trunk      | loopback: the endpoint is there;     | registration under way    | it is not                            |
|            | ip: reachable; register: registered  |                           |                                      |
| agi, crm   | heartbeat key is there               | it says so itself         | no key                               |
| database   | as crm's heartbeat says              |                           |                                      |
| redis      | answers                              |                           | (told when it is back)               |
| disk       | room for a day of recordings         | little                    | none                                 |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from acd.ami.events import number_of
from acd.ami.headers import Headers
from callcenter.disk import DiskLimits, verdict
from callcenter.events import ComponentHealth, Health, HealthChanged

TrunkKind = Literal["loopback", "ip", "register"]
Verdict = tuple[Health, str]


@dataclass(frozen=True)
class HealthBook:
    components: dict[str, ComponentHealth] = field(default_factory=dict)


def judge(book: HealthBook, component: str, verdict: Verdict, now: datetime) -> tuple[HealthBook, list[HealthChanged]]:
    """The book with the verdict in it, and the change if it is one. `since`: when the state (not the detail) began."""
    state, detail = verdict
    before = book.components.get(component)
    if before and (before.state, before.detail) == (state, detail):
        return book, []
    since = before.since if before and before.state is state else now
    health = ComponentHealth(component, state, since, detail)
    return replace(book, components={**book.components, component: health}), [HealthChanged(now, health)]


def link_verdict(down: Mapping[str, str], nodes: Sequence[str]) -> Verdict:
    """`down`: node → reason."""
    if not down:
        return Health.OK, ""
    detail = next(iter(down.values())) if len(nodes) == 1 else ",".join(f"{node}:{why}" for node, why in down.items())
    return (Health.DOWN if len(down) == len(nodes) else Health.DEGRADED), detail


def asterisk_verdict(answers: Mapping[str, Headers | None]) -> Verdict:
    """Node → answer of CoreStatus, None where there is none."""
    alive = {node: row for node, row in answers.items() if row is not None}
    if not alive:
        return Health.DOWN, "no_answer"
    started = min(f"{row.get('corestartupdate', '')}T{row.get('corestartuptime', '')}" for row in alive.values())
    channels = sum(number_of(row.get("corecurrentcalls", "")) for row in alive.values())
    detail = f"started={started} calls={channels}"
    return (Health.OK if len(alive) == len(answers) else Health.DEGRADED), detail


def trunk_verdict(kind: TrunkKind, endpoints: Sequence[Headers], registrations: Sequence[Headers]) -> Verdict:
    """From PJSIPShowEndpoints and PJSIPShowRegistrationsOutbound of one node."""
    trunk = next((row for row in endpoints if row.get("objectname") == "trunk"), None)
    if trunk is None:
        return Health.DOWN, "no_trunk"
    if kind == "loopback":
        return Health.OK, "loopback"
    if kind == "register":
        status = next((row.get("status", "") for row in registrations), "none")
        if status != "Registered":
            return (Health.DEGRADED if status == "Unregistered" else Health.DOWN), status.lower()
    if trunk.get("devicestate") in {"Unavailable", "Invalid", "Unknown"}:
        return Health.DOWN, "unreachable"
    return Health.OK, "registered" if kind == "register" else "reachable"


def heartbeat_verdict(heartbeat: ComponentHealth | None) -> Verdict:
    return (heartbeat.state, heartbeat.detail) if heartbeat else (Health.DOWN, "no_heartbeat")


def disk_verdict(free_bytes: int, limits: DiskLimits, day_bytes: int = 0) -> Verdict:
    state, detail = verdict(free_bytes, limits, day_bytes)
    return Health(state), detail
