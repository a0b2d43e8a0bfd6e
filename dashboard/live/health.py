"""Which components are well, judged from what they wrote and from what they have stopped writing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from callcenter.events import ComponentHealth, Health

PROCESSES = ("agi", "acd", "crm")  # each writes its own key; silence means that it is gone
COMPONENTS = ("asterisk", "ami", "trunk", *PROCESSES, "dashboard", "redis", "database", "disk", "guard", "backup")
SILENT = "silent"


def health_changes(
    known: Mapping[str, ComponentHealth], written: Mapping[str, ComponentHealth], seen: Collection[str], now: datetime,
) -> list[ComponentHealth]:
    """What has changed. `written` are the unexpired keys, `seen` the names that ever had one.

    A silent process is down. A silent component of another kind is only degraded: nobody looks at it, which is not the
    same as knowing that it is broken. A key older than what the bus already told is ignored.
    """
    changed = [health for name, health in written.items() if _is_news(known.get(name), health)]
    silent = [name for name in (*PROCESSES, *sorted(set(seen) - set(PROCESSES)))
              if name not in written and not _is_told(known.get(name))]
    return changed + [ComponentHealth(name, Health.DOWN if name in PROCESSES else Health.DEGRADED, now, SILENT)
                      for name in silent]


def _is_news(before: ComponentHealth | None, written: ComponentHealth) -> bool:
    if before is None or before.detail == SILENT:
        return True
    return written != before and written.since >= before.since


def _is_told(before: ComponentHealth | None) -> bool:
    return before is not None and (before.state is Health.DOWN or before.detail == SILENT)
