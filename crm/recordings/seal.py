"""Seals what Asterisk wrote, in the background, oldest first, and seals anew with a new key.

The sealed file is whole, on the disk and read back before the plain one is named as doomed; that happens in the transaction
that says where the sealed one is. So a process that is killed anywhere leaves a call with one whole recording, and its leavings are
written over or swept away.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.errors import SixringError
from callcenter.events import Health
from crm.calls.models import CallRow
from crm.calls.recordings import KEPT, SEALED_STATE
from crm.database import Database
from crm.migrate import is_current
from crm.privacy.doomed import RECORDINGS, doom, sweep
from crm.recordings.files import PART, PlainFile, Sound, open_sound, place, sealed_name, sound_name
from crm.recordings.keys import KeyMissing, KeyRing
from crm.recordings.models import SealedRecording
from crm.recordings.peaks import peaks
from crm.recordings.sealed import Damaged, SealedFile, write

EVERY_S: Final = 5.0
AGAIN_S: Final = 60.0            # what could not be sealed is tried again so often
AT_ONCE: Final = 20

Report = Callable[[str, Health, str], None]

log = structlog.get_logger("recordings")


@dataclass(frozen=True)
class Waiting:
    ended_at: datetime
    call_id: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Vault:
    """Where recordings lie and what opens them."""

    folder: Path
    ring: KeyRing


def waiting(database: Database, after: Waiting | None, limit: int = AT_ONCE) -> list[Waiting]:
    """Calls whose recording is kept and not sealed."""
    query = (select(CallRow.ended_at, CallRow.call_id, CallRow.recording, CallRow.voicemail, CallRow.recording_sha256)
             .where(CallRow.recording_state == KEPT, CallRow.ended_at.is_not(None))
             .order_by(CallRow.ended_at, CallRow.call_id).limit(limit))
    if after is not None:
        query = query.where(tuple_(CallRow.ended_at, CallRow.call_id) > (after.ended_at, after.call_id))
    with database.reading() as session:
        return [Waiting(ended_at, call_id, sound_name(talk, message) or "", sha256 or "")
                for ended_at, call_id, talk, message, sha256 in session.execute(query) if ended_at]


def seal_one(database: Database, vault: Vault, row: Waiting, now: datetime) -> bool:
    """Whether it is sealed now; False when its state has changed meanwhile. Raises OSError, Damaged when the file is not what was
    kept, RecordingMissing, KeyMissing."""
    key_id = vault.ring.newest()
    found = None
    try:
        with PlainFile(place(vault.folder, row.name)) as plain:
            made = _write(vault, plain, row.call_id, row.name, key_id, row.sha256)
            shown = peaks(plain.read(0, plain.length), plain.length)
    except FileNotFoundError:
        found = _sealed_before(vault, row)
        if found is None:
            raise
        made, key_id, shown = found
    with database.writing.begin() as session:
        changed = session.execute(update(CallRow).where(CallRow.call_id == row.call_id, CallRow.recording_state == KEPT)
                                  .values(recording_state=SEALED_STATE))
        if not changed.rowcount:  # type: ignore[attr-defined]
            if found is None:
                doom(session, RECORDINGS, made.name, now)
            return False
        session.add(SealedRecording(call_id=row.call_id, path=made.name, key_id=key_id, sealed_at=now, sealed_bytes=made.bytes,
                                    sealed_sha256=made.sha256, peaks=shown))
        doom(session, RECORDINGS, row.name, now)
    return True


def seal_anew(database: Database, vault: Vault, key_id: str, now: datetime, limit: int = AT_ONCE) -> tuple[int, int]:
    """Some of the recordings of any other key, sealed with this one: how many, and how many could not be because they are gone or
    damaged, which is kept with them. Safe to be killed in, and to be begun again. Raises OSError, KeyMissing."""
    with database.reading() as session:
        rows = session.execute(
            select(SealedRecording.call_id, SealedRecording.path, CallRow.recording, CallRow.voicemail, CallRow.recording_sha256)
            .join(CallRow, CallRow.call_id == SealedRecording.call_id)
            .where(SealedRecording.key_id != key_id, SealedRecording.fault.is_(None))
            .order_by(SealedRecording.call_id).limit(limit)).all()
    faults = 0
    for call_id, path, talk, message, sha256 in rows:
        try:
            with SealedFile(place(vault.folder, path), call_id, vault.ring) as old:
                made = _write(vault, old, call_id, sound_name(talk, message) or "", key_id, sha256 or "")
        except (FileNotFoundError, Damaged) as error:
            faults += 1
            with database.writing.begin() as session:
                session.execute(update(SealedRecording).where(SealedRecording.call_id == call_id, SealedRecording.path == path)
                                .values(fault="damaged" if isinstance(error, Damaged) else "gone", verified_at=now))
            continue
        with database.writing.begin() as session:
            changed = session.execute(update(SealedRecording).where(SealedRecording.call_id == call_id).values(
                path=made.name, key_id=key_id, sealed_at=now, sealed_bytes=made.bytes, sealed_sha256=made.sha256,
                verified_at=None))
            # Forgotten while it was sealed: what was made of it goes too.
            doom(session, RECORDINGS, path if changed.rowcount else made.name, now)  # type: ignore[attr-defined]
    return len(rows) - faults, faults


@dataclass(frozen=True)
class _Made:
    name: str
    bytes: int
    sha256: str


def _sealed_before(vault: Vault, row: Waiting) -> tuple[_Made, str, bytes] | None:
    """A whole sealed file of the recording that the database does not know of, with its key: a backup of a running site has the
    database of one moment and the files of a later one. Raises OSError, KeyMissing."""
    plain = place(vault.folder, row.name)
    names = {sealed_name(plain.name, key_id): key_id for key_id in reversed(vault.ring.ids())}
    for name, key_id in names.items():
        path = plain.with_name(name)
        try:
            if digest_of(SealedFile(path, row.call_id, vault.ring)) != row.sha256:
                continue
        except (FileNotFoundError, Damaged):
            continue
        with SealedFile(path, row.call_id, vault.ring) as sound:
            shown = peaks(sound.read(0, sound.length), sound.length)
        return _made(path, sealed_name(row.name, key_id)), key_id, shown
    return None


class _Hashed:
    """Reads a sound as a file is read, and hashes what it gave."""

    def __init__(self, sound: Sound) -> None:
        self.digest = hashlib.sha256()
        self._parts: Iterator[bytes] = sound.read(0, sound.length)
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (part := next(self._parts, b"")):
            self._rest += part
        data, self._rest = self._rest[:size], self._rest[size:]
        self.digest.update(data)
        return data


def _write(vault: Vault, sound: Sound, call_id: str, name: str, key_id: str, sha256: str) -> _Made:
    """The sealed file under its name, on the disk, and read back."""
    made = sealed_name(name, key_id)
    target = place(vault.folder, made)
    part = target.with_name(target.name + PART)
    source = _Hashed(sound)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            write(source, sound.length, out, call_id, vault.ring, key_id)
            out.flush()
            os.fsync(out.fileno())
        if sha256 != source.digest.hexdigest():
            raise Damaged(f"{name} is not what was kept")
        if digest_of(open_sound(vault.folder, call_id, name, f"{made}{PART}", vault.ring)) != sha256:
            raise Damaged(f"{made} does not read as it was written")
    except (OSError, SixringError):
        part.unlink(missing_ok=True)
        raise
    part.replace(target)
    _sync(target.parent)
    return _made(target, made)


def _made(path: Path, name: str) -> _Made:
    with path.open("rb") as file:
        return _Made(name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def digest_of(sound: Sound) -> str:
    """Closes it."""
    digest = hashlib.sha256()
    try:
        for part in sound.read(0, sound.length):
            digest.update(part)
    finally:
        sound.close()
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class Sealer:
    """A thread of crm's: neither the journal nor a caller waits for it."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, report: Report) -> None:
        self._database, self._vault, self._clock, self._report = database, vault, clock, report

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            try:
                stuck = self.round(stop)
            except (OSError, SQLAlchemyError, SixringError) as error:
                log.error("sealing_failed", error=type(error).__name__, detail=str(error)[:200])
                self._report("recordings", Health.DEGRADED, getattr(error, "code", type(error).__name__))
                stuck = 1
            else:
                yield
            stop.wait(AGAIN_S if stuck else EVERY_S)

    def round(self, stop: threading.Event) -> int:
        """Once through all that waits; how many could not be sealed. One that cannot holds up no other."""
        if not is_current(self._database):
            return 0
        stuck, last = 0, None
        while not stop.is_set() and (rows := waiting(self._database, last)):
            for row in rows:
                stuck += not self._seal(row)
            last = rows[-1]
        sweep(self._database, {RECORDINGS: self._vault.folder})
        if not stuck:
            self._report("recordings", Health.OK, "")
        return stuck

    def _seal(self, row: Waiting) -> bool:
        try:
            seal_one(self._database, self._vault, row, self._clock.now())
        except KeyMissing:
            raise        # nothing can be sealed: no use in trying the others
        except (OSError, SixringError) as error:
            code = getattr(error, "code", type(error).__name__)
            log.warning("not_sealed", call_id=row.call_id, error=code)
            self._report("recordings", Health.DEGRADED, code)
            return False
        return True
