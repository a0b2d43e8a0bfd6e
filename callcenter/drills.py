"""The mark of a drill's call (H12): its own id, so that every line of the journal, every event and every row carries it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from callcenter.stages import DRILL_QUEUES

RANK: Final = -9000              # points of a drill's caller: no wait and no key lifts them above a real one's
DRILL_KEY: Final = "drill"       # astdb, family `sixring`: `<drill id>|<last call that was begun>`, or `<drill id>|stopped`
STOPPED: Final = "stopped"
CONTEXT: Final = "drill-caller"  # of every simulated caller's channels: by that they are found when nothing else is known
_ID: Final = re.compile(r"drill-([1-9][0-9]{0,8})-.+-[0-9]{1,12}\.([0-9]{1,12})")


def drill_call_id(drill_id: int, node: str, at: datetime, number: int) -> str:
    """Ends as every call's id does: `<epoch>.<number>`."""
    return f"drill-{drill_id}-{node}-{int(at.timestamp())}.{number}"


def is_drill(call_id: str | None) -> bool:
    return call_id is not None and call_id.startswith("drill-") and _ID.fullmatch(call_id) is not None


def drill_of(call_id: str) -> tuple[int, int] | None:
    """(drill, number of the call in it); None for a real call."""
    found = _ID.fullmatch(call_id)
    return (int(found[1]), int(found[2])) if found else None


def is_drill_queue(asterisk_queue: str) -> bool:
    """With simulated seats in it: no real one rings."""
    return asterisk_queue.startswith(DRILL_QUEUES)
