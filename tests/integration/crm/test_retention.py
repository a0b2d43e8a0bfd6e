"""What the site file promises to forget is forgotten, by the local day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm.calls.models import CallRow
from crm.calls.record import CallRecord
from crm.calls.retention import drop_old_sound
from crm.calls.store import save
from crm.database import Database

TZ = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # 01:00 of the 22nd in Shanghai
# Days as the site counts them; the second call's UTC date is the day before its local one.
CALLS = {"2026/11/19": datetime(2026, 11, 19, 4, 0, tzinfo=UTC), "2026/11/20": datetime(2026, 11, 19, 17, 0, tzinfo=UTC)}


@pytest.fixture
def folders(tmp_path: Path, database: Database) -> tuple[Path, Path]:
    recordings, voicemail = tmp_path / "recordings", tmp_path / "voicemail"
    for number, (day, at) in enumerate(CALLS.items()):
        call_id = f"node1-{number}.0"
        for folder in (recordings, voicemail):
            (folder / day).mkdir(parents=True)
            (folder / day / f"{call_id}.wav").write_bytes(b"sound")
        with database.writing.begin() as session:
            save(session, None, CallRecord(call_id, entered_at=at, recording=f"{day}/{call_id}.wav", ended_at=at), "node1", 5)
            row = session.get_one(CallRow, call_id)
            row.recording_state = "kept"
    return recordings, voicemail


def states(database: Database) -> dict[str, str | None]:
    with database.reading() as session:
        return {row.call_id: row.recording_state for row in session.scalars(select(CallRow))}


def test_a_day_too_old_goes_and_its_calls_records_stay(database: Database, folders: tuple[Path, Path]) -> None:
    assert drop_old_sound(database, folders, 2, NOW, TZ) == 2
    assert [path.name for folder in folders for path in folder.rglob("*.wav")] == ["node1-1.0.wav"] * 2
    assert states(database) == {"node1-0.0": "expired", "node1-1.0": "kept"}


def test_doing_it_again_changes_nothing(database: Database, folders: tuple[Path, Path]) -> None:
    drop_old_sound(database, folders, 2, NOW, TZ)
    assert drop_old_sound(database, folders, 2, NOW, TZ) == 0
    assert states(database)["node1-1.0"] == "kept"


def test_a_folder_that_is_no_day_is_left_alone(database: Database, folders: tuple[Path, Path]) -> None:
    odd = folders[0] / "2020/99/99"
    odd.mkdir(parents=True)
    drop_old_sound(database, folders, 2, NOW, TZ)
    assert odd.is_dir()
