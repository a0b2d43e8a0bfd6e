"""Recordings and messages are kept as long as the site file says, and not a day longer.

They lie in a folder a day (`2026/11/22`), by the site's local date, so that a day goes as a whole. The call's record stays.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from crm.calls.models import CallRow
from crm.calls.recordings import PRESENT
from crm.database import Database
from crm.recordings.models import RecordingNote, SealedRecording


def drop_old_sound(database: Database, folders: tuple[Path, ...], days: int, now: datetime, tz: ZoneInfo) -> int:
    """Removes every day before the last `days`; how many day folders went. Safe to repeat, and to be killed in."""
    first_kept = now.astimezone(tz).date() - timedelta(days=days)
    gone = 0
    for folder in folders:
        for day in folder.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"):
            if _date_of(day) < first_kept:
                shutil.rmtree(day)
                gone += 1
    # A call that crossed midnight lies in its first day's folder: the file decides by its path, the record by its arrival.
    cutoff = datetime(first_kept.year, first_kept.month, first_kept.day, tzinfo=tz)
    with database.writing.begin() as session:
        session.execute(update(CallRow)
                        .where(CallRow.recording_state.in_(PRESENT), CallRow.entered_at < cutoff)
                        .values(recording_state="expired"))
        over = select(CallRow.call_id).where(CallRow.recording_state == "expired")
        for table in (SealedRecording, RecordingNote):
            session.execute(delete(table).where(table.call_id.in_(over)))
    return gone


def _date_of(day: Path) -> date:
    try:
        return date(*(int(part) for part in day.parts[-3:]))
    except ValueError:
        return date.max  # not a day of ours: left alone
