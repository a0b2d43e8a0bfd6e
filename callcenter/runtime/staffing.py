"""Who works the queues now, read from what the processes leave in Redis: for `status`, and for `doctor` to find fault with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import redis
from pydantic import ValidationError

from callcenter.board import BOARD, BOARD_KEY
from callcenter.bus import STREAM
from callcenter.events import AgentState, Board, DriftMended, event_from_json
from callcenter.roster import ROSTER, ROSTER_KEY, Roster
from callcenter.runtime.probes import client

if TYPE_CHECKING:
    from callcenter.settings import Settings
    from callcenter.site import Site

DRIFT_WITHIN = timedelta(hours=1)
DRIFT_LOOKED_AT = 20_000    # events; a quiet hour has fewer, and a busy one is sampled from its end


@dataclass(frozen=True)
class QueueStaff:
    """`skilled` and `signed_in` of the queue's own agents; in fixed seating of its seats, which are always signed in."""

    queue: str
    skilled: int
    signed_in: int
    waiting: int


def read_roster(settings: Settings) -> Roster | None:
    """None when crm has published none. Raises redis.RedisError, OSError."""
    raw = client(settings).get(ROSTER_KEY)
    try:
        return ROSTER.validate_json(raw) if raw else None
    except ValidationError:
        return None


def read_board(settings: Settings) -> Board | None:
    """None when acd has written none. Raises redis.RedisError, OSError."""
    raw = client(settings).get(BOARD_KEY)
    try:
        return BOARD.validate_python(json.loads(raw)["board"], strict=False) if raw else None
    except (ValueError, KeyError):
        return None


def staff_of(site: Site, roster: Roster, board: Board) -> list[QueueStaff]:
    there = {code for code, agent in board.agents.items() if agent.state is not AgentState.SIGNED_OUT}
    found = []
    for queue in site.queues:
        skilled = ({code for code, agent in roster.agents.items() if queue.id in agent.skills} if site.free_seating
                   else set(queue.seats))
        wait = board.waits.get(queue.id)
        found.append(QueueStaff(queue.id, len(skilled), len(skilled & there), wait.waiting if wait else 0))
    return found


def drift_since(settings: Settings, since: datetime) -> tuple[int, str]:
    """How many actions acd had to send against drift, and the last of them. Raises redis.RedisError, OSError."""
    count, last = 0, ""
    start = int(since.timestamp() * 1000)
    for _, fields in client(settings).xrevrange(STREAM, min=start, count=DRIFT_LOOKED_AT):
        if fields.get(b"type") != DriftMended.__name__.encode():
            continue
        event = event_from_json(DriftMended.__name__, fields[b"body"])
        if isinstance(event, DriftMended):
            count += len(event.mended)
            last = last or (event.mended[0] if event.mended else "")
    return count, last


def queue_staff(settings: Settings, site: Site) -> list[QueueStaff]:
    """Empty while nobody can say."""
    try:
        roster, board = read_roster(settings), read_board(settings)
    except (redis.RedisError, OSError):
        return []
    return staff_of(site, roster or Roster(), board) if board else []
