"""The feed's messages as text, made once for all clients: one rendering with callers, one without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcenter.board import BOARD
from callcenter.events import HIDDEN_FROM, AnyEvent, Board, DeskChanged, TicketOpened, event_to_json
from dashboard.live.privacy import board_for_wall, board_of_estates, estate_of, event_for_staff, event_for_wall


class Audience(StrEnum):
    STAFF = "staff"   # sees who calls
    WALL = "wall"     # a screen that everybody walks past


@dataclass(frozen=True)
class Listener:
    """`estates` are database ids; None: every estate. `kinds` are those of which the roles see tickets; None: every kind.
    `desk`: has the desk's pages, also where the board is shown without callers, to who is bound to estates."""

    audience: Audience
    estates: frozenset[int] | None = None
    kinds: frozenset[str] | None = None
    user_id: int | None = None
    desk: bool = False

    def sees(self, frame: Frame) -> bool:
        of_estate = self.estates is None or frame.estate_id is None or frame.estate_id in self.estates
        if frame.hidden_from is not None and frame.hidden_from == self.user_id:
            return False
        return of_estate and (self.kinds is None or frame.kind is None or frame.kind in self.kinds)


class Cause(StrEnum):
    """Why the feed stands still."""

    REDIS = "redis"        # the bus does not answer
    NO_BOARD = "no_board"  # the bus answers, but nobody has written a board into it yet


@dataclass(frozen=True)
class Frame:
    """One message in both renderings; None for an audience that does not get it."""

    staff: str | None
    wall: str | None
    estate_id: int | None = None     # it is only for those who see this estate (K1)
    kind: str | None = None          # and tickets of this kind; "": of a kind that nobody has told
    hidden_from: int | None = None   # and not for this user, whom it is about (D3)
    of_desk: bool = False            # says nothing of the board: who has the desk's pages gets it whole

    def text(self, listener: Listener) -> str | None:
        if not listener.sees(self):
            return None
        return self.staff if listener.audience is Audience.STAFF or (self.of_desk and listener.desk) else self.wall


def event_frame(cursor: str, event: AnyEvent) -> Frame:
    staff, wall = event_for_staff(event), event_for_wall(event)
    staff_text = None if staff is None else _event(cursor, staff)
    wall_text = None if wall is None else staff_text if wall is staff else _event(cursor, wall)
    hidden_from = event.data.get(HIDDEN_FROM) if isinstance(event, DeskChanged) else None
    return Frame(staff_text, wall_text, estate_of(event), _kind(event), hidden_from, isinstance(event, DeskChanged))


def snapshot_text(listener: Listener, epoch: str, cursor: str, board: Board, now: datetime) -> str:
    of_theirs = board_of_estates(board, listener.estates)
    shown = of_theirs if listener.audience is Audience.STAFF else board_for_wall(of_theirs)
    body = BOARD.dump_json(shown).decode()
    return (f'{{"type":"snapshot","epoch":"{epoch}","cursor":"{cursor}","now":"{now.isoformat()}","board":{body}}}')


def ping_frame(now: datetime) -> Frame:
    text = f'{{"type":"ping","now":"{now.isoformat()}"}}'
    return Frame(text, text)


def degraded_frame(cause: Cause) -> Frame:
    text = f'{{"type":"degraded","cause":"{cause}"}}'
    return Frame(text, text)


def _kind(event: AnyEvent) -> str | None:
    """Of the ticket that it is about, or the kind itself that was written; None for what is about no ticket."""
    match event:
        case TicketOpened(kind=kind):
            return kind
        case DeskChanged(subject=subject, data=data):
            thing, _, ident = subject.partition(":")
            return ident if thing == "kind" else str(data.get("kind", "")) if thing in ("ticket", "notice") else None
        case _:
            return None


def _event(cursor: str, event: AnyEvent) -> str:
    kind, body = event_to_json(event)
    return f'{{"type":"event","cursor":"{cursor}","event":{{"type":"{kind}",{body.decode()[1:]}}}'
