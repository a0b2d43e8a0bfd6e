"""Results of an opinion survey, brought in from a file: all of it, or nothing when a row has a fault (G1, G2).

Who is not satisfied is followed up, and so is who asks for it; who is satisfied is thanked. The same row again is the same result.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.private import Private
from callcenter.text_types import ODD_IN_LINES
from crm.followups.making import thank
from crm.followups.models import Rating
from crm.households.lines import Fault
from crm.households.models import Estate, Household
from crm.households.rights import KEEP, may
from crm.households.rooms import part_key
from crm.households.sheet import Cell, FaultShown, Sheet, SheetRefused, ignored, read_sheet
from crm.households.words import FAULTS, Words
from crm.outbox.service import note
from crm.privacy.masks import masked
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit
from crm.tickets.schemas import FOLLOWUP, NOT_SATISFIED, NewTicket
from crm.tickets.service import open_ticket

COLUMNS: Final = ("estate", "room", "score")
MORE_COLUMNS: Final = ("said", "call_back", "on")
HEADINGS: Final = {"小区": "estate", "项目": "estate", "房号": "room", "房间": "room", "满意度": "score", "评价": "score",
                   "意见": "said", "建议": "said", "是否回访": "call_back", "需要回访": "call_back", "日期": "on"}
SCORES: Final = {"1": 1, "满意": 1, "satisfied": 1, "2": 2, "一般": 2, "fair": 2, "3": 3, "不满意": 3, "not satisfied": 3}
YES: Final = {"": False, "no": False, "否": False, "0": False, "yes": True, "是": True, "1": True}
LONGEST: Final = 2000
AT_ONCE: Final = 20              # follow-ups that are opened with the file
CHUNK: Final = 500               # values a statement
_DATE: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
WORDS: Final[Mapping[str, Words]] = {
    **FAULTS,
    "score": Words("只能是 1 满意、2 一般、3 不满意", "one of 1 satisfied, 2 fair, 3 not satisfied"),
    "yes_no": Words("只能是 yes 是、no 否", "one of yes, no"),
    "room_unknown": Words("该小区没有这个房号", "there is no such room in the estate"),
    "twice": Words("同一户同一天出现两次", "the same household on the same day is there twice"),
}


@dataclass(frozen=True)
class Said:
    """A row that is right."""

    row: int
    household_id: int
    estate_id: int
    score: int
    said: str | None
    call_back: bool
    on: date


@dataclass(frozen=True)
class Rooms:
    """Estates by their names in both languages, in small letters; households by estate and key of the room."""

    estates: Mapping[str, int]
    homes: Mapping[tuple[int, str], int]


@dataclass(frozen=True)
class SurveyReport:
    """With faults nothing was done. `known`: rows that an earlier file had; `ignored`: columns of which nothing was read."""

    dry_run: bool
    rows: int
    faults: tuple[FaultShown, ...]
    results: int = 0
    known: int = 0
    followups: int = 0
    thanked: int = 0
    ignored: tuple[str, ...] = ()


def bring_in(session: Session, actor: Actor, name: str, data: bytes, now: datetime, tz: tzinfo, *, dry_run: bool) -> SurveyReport:
    """A dry run only reads. Raises Forbidden."""
    may(actor, KEEP)
    try:
        sheet = read_sheet(data)
    except SheetRefused as error:
        return _refused(dry_run, 0, [Fault(error.row, "-", error.code, error.value)])
    found, faults = read(session, actor, sheet, now.astimezone(tz).date())
    unread = ignored(sheet, HEADINGS, (*COLUMNS, *MORE_COLUMNS))
    if faults:
        return replace(_refused(dry_run, len(sheet.rows), faults), ignored=unread)
    there = _there(session, [_reference(name, one) for one in found])
    new = [one for one in found if _reference(name, one) not in there]
    if not dry_run:
        for one in new:
            _bring(session, name, one, now, tz)
        open_wanted(session, now, tz, AT_ONCE)
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="survey.imported", subject="survey",
                     detail=f"{name}: rows={len(sheet.rows)} new={len(new)} sha256={hashlib.sha256(data).hexdigest()}")
        note(session, now, "survey.imported", "survey", rows=len(sheet.rows), new=len(new))
    return SurveyReport(dry_run, len(sheet.rows), (), len(new), len(found) - len(new), sum(_is_followed_up(one) for one in new),
                        sum(one.score == 1 for one in new), unread)


def read(session: Session, actor: Actor, sheet: Sheet, today: date) -> tuple[list[Said], list[Fault]]:
    names = [HEADINGS.get(heading, heading.casefold()) for heading in sheet.header]
    faults = [Fault(1, column, "column_missing") for column in COLUMNS if column not in names]
    faults += [Fault(1, column, "column_twice") for column in (*COLUMNS, *MORE_COLUMNS) if names.count(column) > 1]
    if faults:
        return [], faults
    place = names.index("room")
    rooms = _rooms(session, actor, {part_key(str(cells[place])) for _, cells in sheet.rows if len(cells) == len(names)})
    found: list[Said] = []
    seen: dict[tuple[int, date], int] = {}
    for row, cells in sheet.rows:
        if len(cells) != len(names):
            faults.append(Fault(row, "-", "fields", str(len(cells))))
            continue
        said, wrong = _row(row, dict(zip(names, cells, strict=True)), rooms, today)
        if said is not None and seen.setdefault((said.household_id, said.on), row) != row:
            wrong = [Fault(row, "room", "twice")]
        faults += wrong
        if said is not None and not wrong:
            found.append(said)
    return found, faults


def _row(row: int, cells: Mapping[str, Cell], rooms: Rooms, today: date) -> tuple[Said | None, list[Fault]]:
    faults: list[Fault] = []

    def text(column: str) -> str:
        cell = cells.get(column, "")
        if isinstance(cell, date):
            faults.append(Fault(row, column, "is_a_date", cell.isoformat()))
            return ""
        if ODD_IN_LINES.search(cell):
            faults.append(Fault(row, column, "characters"))
            return ""
        return cell.strip()

    estate, room = text("estate"), text("room")
    estate_id = rooms.estates.get(estate.casefold())
    home = None if estate_id is None else rooms.homes.get((estate_id, part_key(room)))
    if not faults:
        if not estate or not room:
            faults.append(Fault(row, "room" if estate else "estate", "empty"))
        elif estate_id is None:
            faults.append(Fault(row, "estate", "estate_unknown", estate))
        elif home is None:
            faults.append(Fault(row, "room", "room_unknown", room))
    score, call_back, said = SCORES.get(text("score").casefold()), YES.get(text("call_back").casefold()), text("said")
    if score is None:
        faults.append(Fault(row, "score", "score", str(cells.get("score", ""))[:40]))
    if call_back is None:
        faults.append(Fault(row, "call_back", "yes_no", str(cells.get("call_back", ""))[:40]))
    if len(said) > LONGEST:
        faults.append(Fault(row, "said", "too_long"))
    on, wrong = _day(cells.get("on", ""), today)
    faults += [Fault(row, "on", wrong)] if wrong else []
    if faults or home is None or estate_id is None or score is None or call_back is None or on is None:
        return None, faults
    return Said(row, home, estate_id, score, said or None, call_back, on), []


def _day(cell: Cell, today: date) -> tuple[date | None, str | None]:
    day: date | None = None
    if isinstance(cell, date):
        day = cell
    elif not cell.strip():
        day = today
    elif parts := _DATE.fullmatch(cell.strip()):
        try:
            day = date(*(int(part) for part in parts.groups()))
        except ValueError:
            return None, "date"
    if day is None:
        return None, "date"
    return (None, "future") if day > today else (day, None)


def _rooms(session: Session, actor: Actor, keys: set[str]) -> Rooms:
    """Of the actor's estates; of the rooms those that the file names alone: a register may have a million."""
    estates = {name.casefold(): ident for ident, zh, en in session.execute(select(Estate.id, Estate.name, Estate.name_en))
               for name in (zh, en) if name and actor.sees(ident)}
    homes: dict[tuple[int, str], int] = {}
    ordered, seen = sorted(keys), sorted(set(estates.values()))
    for start in range(0, len(ordered), CHUNK):
        for estate_id, key, ident, merged_into in session.execute(
                select(Household.estate_id, Household.room_key, Household.id, Household.merged_into).order_by(Household.id).where(
                    Household.estate_id.in_(seen), Household.room_key.in_(ordered[start:start + CHUNK]))):
            homes.setdefault((estate_id, key), merged_into or ident)
    return Rooms(estates, homes)


def _bring(session: Session, name: str, one: Said, now: datetime, tz: tzinfo) -> None:
    at = min(now, datetime.combine(one.on, time(12), tz).astimezone(UTC))
    rating = Rating(at=at, source="survey", score=one.score, reference=_reference(name, one), household_id=one.household_id,
                    estate_id=one.estate_id, said=one.said, wanted=_is_followed_up(one))
    session.add(rating)
    session.flush()
    thank(session, rating, spoken=False, now=now)


def open_wanted(session: Session, now: datetime, tz: tzinfo, limit: int) -> int:
    """The follow-ups of at most `limit` results that want one; how many. Of a long file the first at once, the others by crm's
    thread: on SQLite nobody else writes meanwhile."""
    rows = session.scalars(select(Rating).where(Rating.wanted).order_by(Rating.id).limit(limit)
                           .with_for_update(skip_locked=True)).all()
    for rating in rows:
        made = open_ticket(session, SYSTEM, NewTicket(
            FOLLOWUP, category="survey", reason="not_satisfied" if rating.score == NOT_SATISFIED else "survey",
            household_id=rating.household_id, estate_id=rating.estate_id, notes=rating.said,
            cause=f"followup:rating:{rating.id}"), now, tz)
        rating.answer_id, rating.wanted = made.id if made else None, False
        session.flush()
    return len(rows)


def _is_followed_up(one: Said) -> bool:
    return one.score == NOT_SATISFIED or one.call_back


def _reference(name: str, one: Said) -> str:
    digest = hashlib.sha256(name.casefold().strip().encode()).hexdigest()[:24]
    return f"survey:{digest}:{one.household_id}:{one.on.isoformat()}"


def _there(session: Session, references: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(references), CHUNK):
        found.update(session.scalars(select(Rating.reference).where(Rating.reference.in_(references[start:start + CHUNK]))))
    return found


def _refused(dry_run: bool, rows: int, faults: Sequence[Fault]) -> SurveyReport:
    listed = sorted(faults, key=lambda fault: fault.row)
    return SurveyReport(dry_run, rows, tuple(
        FaultShown(one.row, one.column, one.code, masked(one.value, Private.TEXT), *WORDS[one.code]) for one in listed))
