"""Whether what lies on the disk is what was sealed, and what was said: file by file (`sixring recordings verify`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from crm.calls.models import CallRow
from crm.database import Database
from crm.recordings.files import RecordingMissing, open_sound, place, sound_name
from crm.recordings.keys import KeyMissing
from crm.recordings.models import SealedRecording
from crm.recordings.seal import Vault, digest_of
from crm.recordings.sealed import Damaged

AT_ONCE: Final = 100


class Fault(StrEnum):
    GONE = "gone"
    CHANGED = "changed"          # not the file that was written
    DAMAGED = "damaged"          # does not open, or is not the sound that was recorded
    NO_KEY = "no_key"


@dataclass(frozen=True)
class Checked:
    call_id: str
    path: str
    fault: Fault | None


def check_all(database: Database, vault: Vault, now: datetime) -> Iterator[Checked]:
    """Every sealed recording; what is found is also kept with it."""
    last = ""
    while True:
        with database.reading() as session:
            rows = session.execute(
                select(SealedRecording.call_id, SealedRecording.path, SealedRecording.sealed_sha256, CallRow.recording,
                       CallRow.voicemail, CallRow.recording_sha256)
                .join(CallRow, CallRow.call_id == SealedRecording.call_id)
                .where(SealedRecording.call_id > last).order_by(SealedRecording.call_id).limit(AT_ONCE)).all()
        if not rows:
            return
        for call_id, path, sealed_sha256, talk, message, sha256 in rows:
            fault = check(vault, call_id, sound_name(talk, message) or "", path, sealed_sha256, sha256 or "")
            _keep(database, call_id, path, fault, now)
            yield Checked(call_id, path, fault)
        last = rows[-1][0]


def check(vault: Vault, call_id: str, name: str, path: str, sealed_sha256: str, sha256: str) -> Fault | None:
    try:
        with place(vault.folder, path).open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sealed_sha256
        true = digest_of(open_sound(vault.folder, call_id, name, path, vault.ring)) == sha256
    except (FileNotFoundError, RecordingMissing):
        return Fault.GONE
    except KeyMissing:
        return Fault.NO_KEY
    except Damaged:
        return Fault.DAMAGED
    if not true:
        return Fault.DAMAGED
    return None if same else Fault.CHANGED


def _keep(database: Database, call_id: str, path: str, fault: Fault | None, now: datetime) -> None:
    try:
        with database.writing.begin() as session:
            session.execute(update(SealedRecording).where(SealedRecording.call_id == call_id, SealedRecording.path == path)
                            .values(verified_at=now, fault=fault.value if fault else None))
    except SQLAlchemyError:
        if fault is None:
            raise                # a fault is told even when it cannot be kept
