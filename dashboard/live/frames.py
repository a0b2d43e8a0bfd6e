"""The feed's messages as text, made once for all clients: one rendering with callers, one without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcenter.board import BOARD
from callcenter.events import AnyEvent, Board, event_to_json
from dashboard.live.privacy import board_for_wall, event_for_staff, event_for_wall


class Audience(StrEnum):
    STAFF = "staff"   # sees who calls
    WALL = "wall"     # a screen that everybody walks past


class Cause(StrEnum):
    """Why the feed stands still."""

    REDIS = "redis"        # the bus does not answer
    NO_BOARD = "no_board"  # the bus answers, but nobody has written a board into it yet


@dataclass(frozen=True)
class Frame:
    """One message in both renderings; None for an audience that does not get it."""

    staff: str | None
    wall: str | None

    def text(self, audience: Audience) -> str | None:
        return self.staff if audience is Audience.STAFF else self.wall


def event_frame(cursor: str, event: AnyEvent) -> Frame:
    staff, wall = event_for_staff(event), event_for_wall(event)
    staff_text = None if staff is None else _event(cursor, staff)
    if wall is None:
        return Frame(staff_text, None)
    return Frame(staff_text, staff_text if wall is staff else _event(cursor, wall))


def snapshot_text(audience: Audience, epoch: str, cursor: str, board: Board, now: datetime) -> str:
    shown = board if audience is Audience.STAFF else board_for_wall(board)
    body = BOARD.dump_json(shown).decode()
    return (f'{{"type":"snapshot","epoch":"{epoch}","cursor":"{cursor}","now":"{now.isoformat()}","board":{body}}}')


def ping_frame(now: datetime) -> Frame:
    text = f'{{"type":"ping","now":"{now.isoformat()}"}}'
    return Frame(text, text)


def degraded_frame(cause: Cause) -> Frame:
    text = f'{{"type":"degraded","cause":"{cause}"}}'
    return Frame(text, text)


def _event(cursor: str, event: AnyEvent) -> str:
    kind, body = event_to_json(event)
    return f'{{"type":"event","cursor":"{cursor}","event":{{"type":"{kind}",{body.decode()[1:]}}}'
