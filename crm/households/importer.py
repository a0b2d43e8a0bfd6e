"""Brings a file of households into the register: all of it or, when a single row has a fault, nothing.

First everything is read and planned, so that a dry run is the same work without its last step; then it is written in bulk:
a row at a time takes an hour for a million.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from sqlalchemy.orm import Session

from callcenter.private import Private
from crm.households.lines import COLUMNS, HEADINGS, MORE_COLUMNS, Fault, read_lines
from crm.households.plan import Plan, plan
from crm.households.rights import KEEP, may
from crm.households.sheet import FaultShown, Sheet, SheetRefused, ignored, read_sheet
from crm.households.tags import words
from crm.households.words import FAULTS
from crm.households.writing import write
from crm.outbox.service import note
from crm.privacy.masks import masked
from crm.staff.actor import Actor
from crm.staff.audit import record_audit


@dataclass(frozen=True)
class Imported:
    """What is new or changed; all zero when the file says nothing new. `left_out`: rows about somebody who has moved out, which an
    old file does not bring back (`no` in moved_out does)."""

    households: int = 0
    people: int = 0
    numbers: int = 0
    changed: int = 0
    ended: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Report:
    """With faults nothing was done, and the counts are zero. `ignored`: columns of which nothing was read."""

    dry_run: bool
    rows: int
    faults: tuple[FaultShown, ...]
    done: Imported = field(default_factory=Imported)
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """What the bytes of a file are: a sheet, or why they are none."""

    sheet: Sheet | SheetRefused
    sha256: str


def opened(data: bytes) -> Opened:
    """To be called before a transaction that writes is begun: a large spreadsheet takes seconds, and on SQLite whoever writes
    keeps everybody else from it, the journal's recorder first."""
    try:
        return Opened(read_sheet(data), hashlib.sha256(data).hexdigest())
    except SheetRefused as error:
        return Opened(error, "")


def bring_in(session: Session, actor: Actor, file: Opened, now: datetime, tz: tzinfo, *, english: Mapping[str, str],
             dry_run: bool) -> Report:
    """`english`: names of estates. A dry run only reads."""
    may(actor, KEEP)
    sheet = file.sheet
    if isinstance(sheet, SheetRefused):
        return _refused(dry_run, 0, [Fault(sheet.row, "-", sheet.code, sheet.value)])
    found, faults = planned(session, actor, sheet, english, now.astimezone(tz).date())
    unread = ignored(sheet, HEADINGS, (*COLUMNS, *MORE_COLUMNS))
    if faults:
        return replace(_refused(dry_run, len(sheet.rows), faults), ignored=unread)
    done = Imported(len(found.new_homes), len(found.new_people), found.new_numbers, found.changed, found.ended, found.left_out)
    if not dry_run:
        touched = write(session, found, now)
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="households.imported", subject="households",
                     detail=f"rows={len(sheet.rows)} sha256={file.sha256}")
        for estate_id in sorted(touched):
            note(session, now, "households.imported", f"estate:{estate_id}", estate_id=estate_id)
    return Report(dry_run, len(sheet.rows), (), done, unread)


def planned(session: Session, actor: Actor, sheet: Sheet, english: Mapping[str, str], today: date) -> tuple[Plan, list[Fault]]:
    lines, faults = read_lines(sheet, words(session), today)
    found, more = plan(session, actor, lines, english)
    return found, sorted((*faults, *more), key=lambda fault: fault.row)


def _refused(dry_run: bool, rows: int, faults: list[Fault]) -> Report:
    return Report(dry_run, rows, tuple(FaultShown(one.row, one.column, one.code, _value(one), *FAULTS[one.code]) for one in faults))


def _value(fault: Fault) -> str:
    """The row says whose it is; a list of faults goes from hand to hand, and needs no names and no numbers."""
    return "" if fault.column == "name" or fault.code == "person_unknown" else masked(fault.value, Private.TEXT)
