"""Sealing recordings: what is kept is what Asterisk wrote, whole."""

from __future__ import annotations

import hashlib
import os
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.calls import service
from crm.calls.models import CallRow
from crm.calls.record import CallRecord
from crm.calls.recordings import GIVEN_UP, SETTLED, seal, seal_recordings
from crm.calls.store import save
from crm.database import Database

END = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATER = END + timedelta(seconds=10)
NAME = "2026/11/22/node1-1795000000.1.wav"


def ended(database: Database, *, answered: bool = True, name: str = NAME) -> str:
    record = CallRecord(
        "node1-1795000000.1",
        entered_at=END - timedelta(minutes=2),
        recording=name,
        ended_at=END,
        connected_at=END - timedelta(minutes=1) if answered else None,
    )
    with database.writing.begin() as session:
        save(session, None, record, "node1", 5)
    return record.call_id


def write_wav(path: Path, seconds: float, written: datetime = END) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        sound.writeframes(b"\1\2" * int(8000 * seconds))
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path.read_bytes()


def state(database: Database) -> str | None:
    with database.reading() as session:
        return session.scalars(select(CallRow.recording_state)).one()


@pytest.mark.rule("A8", part="the seal")
def test_a_finished_recording_is_kept_with_checksum_size_and_length(database: Database, tmp_path: Path) -> None:
    call_id = ended(database)
    content = write_wav(tmp_path / NAME, 2.5)
    assert seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER) == 1
    with database.reading() as session:
        kept = service.call(session, call_id).recording
    assert kept
    assert (kept.path, kept.sha256, kept.bytes, kept.seconds) == (
        NAME,
        hashlib.sha256(content).hexdigest(),
        len(content),
        2.5,
    )
    assert seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER) == 0


def test_a_file_that_is_still_written_is_left_for_later(database: Database, tmp_path: Path) -> None:
    ended(database)
    write_wav(tmp_path / NAME, 1, written=LATER)
    assert seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER) == 0
    assert state(database) is None
    assert seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER + SETTLED) == 1


def test_the_file_of_a_call_that_nobody_answered_is_no_recording(database: Database, tmp_path: Path) -> None:
    ended(database, answered=False)
    write_wav(tmp_path / NAME, 0)
    seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER)
    assert state(database) == "none"


def test_an_answered_call_without_a_file_is_missing_after_a_while_and_not_before(
    database: Database, tmp_path: Path
) -> None:
    ended(database)
    seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER)
    assert state(database) is None
    seal_recordings(database, tmp_path, tmp_path / "voicemail", END + GIVEN_UP + SETTLED)
    assert state(database) == "missing"


def test_a_header_that_a_crash_left_unfinished_is_measured_by_its_size(tmp_path: Path) -> None:
    content = bytearray(write_wav(tmp_path / NAME, 1))
    content[40:44] = bytes(4)
    (tmp_path / NAME).write_bytes(content)
    os.utime(tmp_path / NAME, (END.timestamp(), END.timestamp()))
    sealed = seal(tmp_path, NAME, LATER)
    assert sealed
    assert sealed.seconds == 1.0


def test_a_name_that_leads_out_of_the_folder_is_never_opened(tmp_path: Path) -> None:
    write_wav(tmp_path / "secret.wav", 1)
    (tmp_path / "recordings").mkdir()
    assert seal(tmp_path / "recordings", "../secret.wav", LATER) is None
    (tmp_path / "recordings/link.wav").symlink_to(tmp_path / "secret.wav")
    assert seal(tmp_path / "recordings", "link.wav", LATER) is None
