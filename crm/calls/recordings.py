"""Seals recordings: checksum, size and length of each, once Asterisk has let go of the file.

The work list is the table itself (ended, a file named, no state), so a restart loses nothing and repeats nothing.
"""

from __future__ import annotations

import hashlib
import wave
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from crm.calls.models import CallRow
from crm.database import Database

KEPT = "kept"                        # plain, as Asterisk wrote it
SEALED_STATE = "sealed"              # encrypted (crm/recordings)
PRESENT = (KEPT, SEALED_STATE)
SETTLED = timedelta(seconds=3)       # since the call's end, and since the file was last written
GIVEN_UP = timedelta(minutes=5)      # an answered call's file that is not there by then is missing
AT_ONCE = 20
_HEADER = 44                         # a WAV file without a sample
_BYTES_A_SECOND = 16_000             # 8 kHz, 16 bit, mono: MixMonitor's


@dataclass(frozen=True)
class Sealed:
    sha256: str
    bytes: int
    seconds: float


def seal_recordings(database: Database, folder: Path, now: datetime) -> int:
    """How many calls got their state: `kept`, `none` (nobody talked) or `missing`. No transaction is open meanwhile."""
    with database.reading() as session:
        rows = session.execute(
            select(CallRow.call_id, CallRow.recording, CallRow.answered_at, CallRow.ended_at)
            .where(CallRow.recording_state.is_(None), CallRow.ended_at < now - SETTLED, CallRow.recording.is_not(None))
            .order_by(CallRow.ended_at).limit(AT_ONCE)).all()
    done = 0
    for call_id, name, answered_at, ended_at in rows:
        if name is None or ended_at is None:
            continue     # the query asks for neither
        sealed = seal(folder, name, now) if answered_at else None
        if answered_at is None:
            state = "none"
            _remove_empty(folder, name)
        elif sealed:
            state = KEPT
        elif now - ended_at > GIVEN_UP:
            state = "missing"
        else:
            continue
        with database.writing.begin() as session:
            session.execute(update(CallRow).where(CallRow.call_id == call_id).values(
                recording_state=state, recording_sha256=sealed and sealed.sha256,
                recording_bytes=sealed and sealed.bytes, recording_s=sealed and sealed.seconds))
        done += 1
    return done


def _remove_empty(folder: Path, name: str) -> None:
    """MixMonitor makes its file before anybody talks; of a call that nobody answered only the header is left."""
    path = (folder / name).resolve()
    if path.is_relative_to(folder.resolve()) and path.is_file() and path.stat().st_size <= _HEADER:
        path.unlink()


def seal(folder: Path, name: str, now: datetime) -> Sealed | None:
    """None while the file is not there, has no sound, or is still being written. A path out of the folder is none."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    before = path.stat()
    if before.st_size <= _HEADER or now.timestamp() - before.st_mtime < SETTLED.total_seconds():
        return None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return None
    return Sealed(digest, after.st_size, _seconds(path, after.st_size))


def _seconds(path: Path, size: int) -> float:
    """From the header; from the size where a crash left the header unfinished."""
    try:
        with wave.open(str(path), "rb") as sound:
            if sound.getnframes():
                return round(sound.getnframes() / sound.getframerate(), 3)
    except (wave.Error, EOFError):
        pass
    return round((size - _HEADER) / _BYTES_A_SECOND, 3)
