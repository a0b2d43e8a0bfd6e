"""Seals recordings and messages: checksum, size and length of each, once Asterisk has let go of the file.

The work list is the table itself (ended, a file named, no state), so a restart loses nothing and repeats nothing.
"""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select, update

from crm.calls.messages import FRAMES_A_SECOND, HEADER, join
from crm.calls.models import CallRow
from crm.database import Database
from crm.privacy.doomed import RECORDINGS, VOICEMAIL, doom
from crm.recordings.files import place, sound_name

KEPT = "kept"                        # plain, as Asterisk wrote it
SEALED_STATE = "sealed"              # encrypted (crm/recordings)
PRESENT = (KEPT, SEALED_STATE)
SETTLED = timedelta(seconds=3)       # since the call's end, and since the file was last written
GIVEN_UP = timedelta(minutes=5)      # an answered call's file that is not there by then is missing
AT_ONCE = 20


@dataclass(frozen=True)
class Sealed:
    sha256: str
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Part:
    """Of a call's sound: a file as Asterisk wrote it."""

    kind: str                        # as crm.privacy.doomed names its folder
    folder: Path
    name: str


def seal_recordings(database: Database, recordings: Path, voicemail: Path, now: datetime) -> int:
    """How many calls got their state: `kept`, `none` (nobody talked, no message) or `missing`. No transaction is open meanwhile."""
    with database.reading() as session:
        rows = session.execute(
            select(CallRow.call_id, CallRow.recording, CallRow.voicemail, CallRow.answered_at, CallRow.ended_at)
            .where(CallRow.recording_state.is_(None), CallRow.ended_at < now - SETTLED,
                   or_(CallRow.recording.is_not(None), CallRow.voicemail.is_not(None)))
            .order_by(CallRow.ended_at).limit(AT_ONCE)).all()
    done = 0
    for call_id, talk, message, answered_at, ended_at in rows:
        if ended_at is None:
            continue     # the query asks for none
        parts = [Part(RECORDINGS, recordings, talk)] if talk and answered_at else []
        parts += [Part(VOICEMAIL, voicemail, message)] if message else []
        found = {part: sealed for part in parts if (sealed := seal(part.folder, part.name, now))}
        if len(found) < len(parts) and now - ended_at <= GIVEN_UP:
            continue
        if talk and not answered_at:
            _remove_empty(recordings, talk)
        kept = _joined(recordings, message, [*found]) if message and found else next(iter(found.values()), None)
        with database.writing.begin() as session:
            session.execute(update(CallRow).where(CallRow.call_id == call_id).values(
                recording_state=KEPT if kept else "missing" if parts else "none", recording_sha256=kept and kept.sha256,
                recording_bytes=kept and kept.bytes, recording_s=kept and kept.seconds))
            for part in found if message else ():
                doom(session, part.kind, part.name, now)
        done += 1
    return done


def _joined(recordings: Path, message: str, parts: Sequence[Part]) -> Sealed:
    """Made anew however often the process dies before it is written down that it was."""
    path = place(recordings, sound_name(None, message) or "")
    join(path, [place(part.folder, part.name) for part in parts])
    return _sealed(path)


def _remove_empty(folder: Path, name: str) -> None:
    """MixMonitor makes its file before anybody talks; of a call that nobody answered only the header is left."""
    path = (folder / name).resolve()
    if path.is_relative_to(folder.resolve()) and path.is_file() and path.stat().st_size <= HEADER:
        path.unlink()


def seal(folder: Path, name: str, now: datetime) -> Sealed | None:
    """None while the file is not there, has no sound, or is still being written. A path out of the folder is none."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    before = path.stat()
    if before.st_size <= HEADER or now.timestamp() - before.st_mtime < SETTLED.total_seconds():
        return None
    sealed = _sealed(path)
    after = path.stat()
    return sealed if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) else None


def _sealed(path: Path) -> Sealed:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    return Sealed(digest, size, _seconds(path, size))


def _seconds(path: Path, size: int) -> float:
    """From the header; from the size where a crash left the header unfinished."""
    try:
        with wave.open(str(path), "rb") as sound:
            if sound.getnframes():
                return round(sound.getnframes() / sound.getframerate(), 3)
    except (wave.Error, EOFError):
        pass
    return round((size - HEADER) / (2 * FRAMES_A_SECOND), 3)
