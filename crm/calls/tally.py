"""What app_queue's own counters should say by the journal: its entries, counted by Asterisk's name of the queue.

app_queue calls everybody "abandoned" who left a queue without having talked, also who was moved to the next stage
(EXITWITHTIMEOUT) or found nobody there any more (EXITEMPTY). Its counters begin anew when Asterisk starts (QUEUESTART).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from callcenter.drills import is_drill_queue

TALLIED: Final = {
    "ENTERQUEUE": "entered", "COMPLETECALLER": "completed", "COMPLETEAGENT": "completed", "BLINDTRANSFER": "transferred",
    "ATTENDEDTRANSFER": "transferred", "ABANDON": "abandoned", "EXITWITHTIMEOUT": "timed_out", "EXITEMPTY": "emptied",
}
RESET: Final = "QUEUESTART"
_NAME = re.compile(r"^[\w.-]{1,80}$")
_HEAD = 5


@dataclass(frozen=True)
class Tallied:
    """`kind` "" : Asterisk was started, all counts begin anew."""

    at: datetime
    name: str
    kind: str


def tally_of(line: str) -> Tallied | None:
    """None for a line that app_queue counts nothing for, and for one that is no line."""
    fields = line.split("|", _HEAD)
    if len(fields) < _HEAD or not re.fullmatch(r"[0-9]{1,10}", fields[0]):
        return None
    at = datetime.fromtimestamp(int(fields[0]), UTC)
    if fields[4] == RESET:
        return Tallied(at, "", "")
    kind = TALLIED.get(fields[4])
    if is_drill_queue(fields[2]):
        return None      # nobody asks app_queue what it counted there
    return Tallied(at, fields[2], kind) if kind and _NAME.match(fields[2]) else None
