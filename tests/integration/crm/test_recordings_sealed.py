"""Recordings are sealed in the background, sealed anew with a new key, checked; a crash anywhere loses none."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
import wave
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from callcenter.events import Health
from crm.calls.models import CallRow
from crm.calls.record import CallRecord
from crm.calls.recordings import seal_recordings
from crm.calls.retention import drop_old_sound
from crm.calls.store import save
from crm.database import Database
from crm.privacy import doomed
from crm.privacy.forget import forget_sound
from crm.privacy.models import DoomedFile
from crm.recordings import seal
from crm.recordings.check import Fault, check_all
from crm.recordings.files import open_sound, recorded
from crm.recordings.keys import KeyMissing, KeyRing
from crm.recordings.models import SealedRecording
from crm.recordings.seal import Sealer, Vault, seal_anew, seal_one, waiting
from crm.recordings.sealed import Damaged
from crm.recordings.service import listen
from crm.staff.actor import SYSTEM
from crm.staff.audit import audit_of

END = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATER = END + timedelta(seconds=10)
NAME = "2026/11/22/node1-1795000000.1.wav"
CALL = "node1-1795000000.1"


class Killed(BaseException):
    """As if the process had been killed there."""


@pytest.fixture
def keys() -> dict[str, str]:
    return {"recordings-key-1": base64.urlsafe_b64encode(bytes(range(32))).decode()}


@pytest.fixture
def vault(tmp_path: Path, keys: dict[str, str]) -> Vault:
    return Vault(tmp_path, KeyRing(lambda: keys))


@pytest.fixture
def sound(database: Database, tmp_path: Path) -> bytes:
    """A recording that is kept, plain."""
    with database.writing.begin() as session:
        save(session, None, CallRecord(CALL, entered_at=END - timedelta(minutes=2), recording=NAME, ended_at=END,
                                       connected_at=END - timedelta(minutes=1)), "node1", 5)
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        out.writeframes(os.urandom(2) * 80_000)
    os.utime(path, (END.timestamp(), END.timestamp()))
    assert seal_recordings(database, tmp_path, tmp_path / "voicemail", LATER) == 1
    return path.read_bytes()


def seal_all(database: Database, vault: Vault) -> None:
    for row in waiting(database, None):
        assert seal_one(database, vault, row, LATER)
    doomed.sweep(database, {doomed.RECORDINGS: vault.folder})


def heard(database: Database, vault: Vault) -> bytes:
    """The call's sound, as whoever listens gets it."""
    with database.reading() as session:
        path = session.scalar(select(SealedRecording.path).where(SealedRecording.call_id == CALL))
    opened = open_sound(vault.folder, CALL, NAME, path, vault.ring)
    try:
        return b"".join(opened.read(0, opened.length))
    finally:
        opened.close()


def files(vault: Vault) -> list[str]:
    return sorted(path.name for path in vault.folder.rglob("*") if path.is_file() and not path.name.startswith("crm.db"))


def state(database: Database) -> str | None:
    with database.reading() as session:
        return session.scalars(select(CallRow.recording_state)).one()


@pytest.mark.rule("A8", part="recordings are encrypted at rest")
def test_a_kept_recording_is_sealed_and_its_plain_file_goes(database: Database, vault: Vault, sound: bytes) -> None:
    seal_all(database, vault)
    assert state(database) == "sealed"
    assert files(vault) == ["node1-1795000000.1.wav.k1.sxr"]
    assert sound[44:100] not in (vault.folder / f"{NAME}.k1.sxr").read_bytes()
    assert heard(database, vault) == sound
    assert recorded(vault.folder) == {NAME}
    with database.reading() as session:
        row = session.scalars(select(SealedRecording)).one()
    assert (len(row.peaks), row.key_id, row.fault) == (800, "1", None)
    assert waiting(database, None) == []


# What is done one after the other: the file written, read back, named, its waveform made, the plain one doomed.
STEPS = ("write", "open_sound", "_sync", "peaks", "doom")


@pytest.mark.rule("A8", part="a crash while sealing loses nothing")
@pytest.mark.parametrize("step", STEPS)
def test_a_process_that_is_killed_while_sealing_loses_nothing(
        database: Database, vault: Vault, sound: bytes, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(seal, step, killed)
        with pytest.raises(Killed):
            seal_all(database, vault)
    assert (state(database), heard(database, vault)) == ("kept", sound)
    seal_all(database, vault)
    assert (state(database), heard(database, vault), len(files(vault))) == ("sealed", sound, 1)


def test_a_process_that_is_killed_before_the_plain_file_goes_removes_it_later(
        database: Database, vault: Vault, sound: bytes) -> None:
    [row] = waiting(database, None)
    seal_one(database, vault, row, LATER)
    assert len(files(vault)) == 2
    doomed.sweep(database, {doomed.RECORDINGS: vault.folder})
    assert files(vault) == ["node1-1795000000.1.wav.k1.sxr"]
    with database.reading() as session:
        assert list(session.scalars(select(DoomedFile))) == []


def forgotten_row(database: Database) -> None:
    """As in a database that was dumped just before the recording was sealed."""
    with database.writing.begin() as session:
        session.execute(delete(SealedRecording))
        session.execute(update(CallRow).values(recording_state="kept"))


@pytest.mark.rule("C8", part="a backup of a running site loses no recording that is sealed meanwhile")
def test_a_sealed_file_that_the_database_does_not_know_of_is_taken_over(
        database: Database, vault: Vault, sound: bytes, keys: dict[str, str]) -> None:
    seal_all(database, vault)
    forgotten_row(database)
    keys["recordings-key-2"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    seal_all(database, vault)
    assert (state(database), heard(database, vault)) == ("sealed", sound)
    assert files(vault) == ["node1-1795000000.1.wav.k1.sxr"]
    with database.reading() as session:
        row = session.scalars(select(SealedRecording)).one()
    assert (row.key_id, row.sealed_bytes, len(row.peaks)) == ("1", (vault.folder / f"{NAME}.k1.sxr").stat().st_size, 800)
    assert [found.fault for found in check_all(database, vault, LATER)] == [None]


def test_a_sealed_file_that_is_damaged_or_of_another_sound_is_not_taken_over(
        database: Database, vault: Vault, sound: bytes) -> None:
    seal_all(database, vault)
    forgotten_row(database)
    with database.writing.begin() as session:
        session.execute(update(CallRow).values(recording_sha256="1" * 64))
    with pytest.raises(FileNotFoundError):
        seal_all(database, vault)
    with database.writing.begin() as session:
        session.execute(update(CallRow).values(recording_sha256=hashlib.sha256(sound).hexdigest()))
    _flip(vault.folder / f"{NAME}.k1.sxr")
    with pytest.raises(FileNotFoundError):
        seal_all(database, vault)
    assert (state(database), files(vault)) == ("kept", ["node1-1795000000.1.wav.k1.sxr"])


def test_a_plain_file_that_is_not_what_was_kept_is_not_sealed_over(database: Database, vault: Vault, sound: bytes) -> None:
    (vault.folder / NAME).write_bytes(sound + b"\0\0")
    with pytest.raises(Damaged):
        seal_all(database, vault)
    assert (state(database), files(vault)) == ("kept", ["node1-1795000000.1.wav"])


def test_without_a_key_nothing_is_sealed(database: Database, vault: Vault, sound: bytes, keys: dict[str, str]) -> None:
    told: list[tuple[str, Health, str]] = []
    keys.clear()
    sealer = Sealer(database, vault, Fixed(), lambda *said: told.append(said))
    stop = threading.Event()
    with pytest.raises(KeyMissing):
        sealer.round(stop)
    keys["recordings-key-1"] = base64.urlsafe_b64encode(bytes(32)).decode()
    assert sealer.round(stop) == 0
    assert (state(database), told) == ("sealed", [("recordings", Health.OK, "")])


def test_one_that_cannot_be_sealed_holds_up_no_other(database: Database, vault: Vault, sound: bytes) -> None:
    with database.writing.begin() as session:
        save(session, None, CallRecord("node1-1.0", entered_at=END, recording="2026/11/22/gone.wav", connected_at=END,
                                       ended_at=END - timedelta(hours=1)), "node1", 5)
        session.execute(update(CallRow).where(CallRow.call_id == "node1-1.0").values(
            recording_state="kept", recording_sha256="0" * 64))
    told: list[tuple[str, Health, str]] = []
    assert Sealer(database, vault, Fixed(), lambda *said: told.append(said)).round(threading.Event()) == 1
    assert told == [("recordings", Health.DEGRADED, "FileNotFoundError")]
    assert heard(database, vault) == sound


class Fixed:
    def now(self) -> datetime:
        return LATER


def test_a_new_key_seals_all_anew_and_old_keys_still_open(
        database: Database, vault: Vault, sound: bytes, keys: dict[str, str]) -> None:
    seal_all(database, vault)
    keys["recordings-key-2"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    assert heard(database, vault) == sound
    assert seal_anew(database, vault, "2", LATER) == (1, 0)
    assert (heard(database, vault), len(files(vault))) == (sound, 2)
    assert seal_anew(database, vault, "2", LATER) == (0, 0)
    doomed.sweep(database, {doomed.RECORDINGS: vault.folder})
    del keys["recordings-key-1"]
    assert (heard(database, vault), files(vault)) == (sound, ["node1-1795000000.1.wav.k2.sxr"])


def test_one_that_is_damaged_is_told_and_holds_up_no_new_key(
        database: Database, vault: Vault, sound: bytes, keys: dict[str, str]) -> None:
    seal_all(database, vault)
    _flip(vault.folder / f"{NAME}.k1.sxr")
    keys["recordings-key-2"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    assert seal_anew(database, vault, "2", LATER) == (0, 1)
    assert seal_anew(database, vault, "2", LATER) == (0, 0)
    assert files(vault) == ["node1-1795000000.1.wav.k1.sxr"]


@pytest.mark.parametrize("step", ["write", "open_sound", "_sync", "doom"])
def test_a_process_that_is_killed_while_sealing_anew_loses_nothing(
        database: Database, vault: Vault, sound: bytes, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    seal_all(database, vault)
    keys["recordings-key-2"] = base64.urlsafe_b64encode(os.urandom(32)).decode()

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(seal, step, killed)
        with pytest.raises(Killed):
            seal_anew(database, vault, "2", LATER)
    assert heard(database, vault) == sound
    assert seal_anew(database, vault, "2", LATER) == (1, 0)
    doomed.sweep(database, {doomed.RECORDINGS: vault.folder})
    assert (heard(database, vault), len(files(vault))) == (sound, 1)


def test_a_recording_that_is_forgotten_while_it_is_sealed_anew_leaves_no_file(
        database: Database, vault: Vault, sound: bytes, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    seal_all(database, vault)
    keys["recordings-key-2"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    real = seal._write

    def forgotten_meanwhile(*given: Any) -> Any:
        made = real(*given)
        with database.writing.begin() as session:
            forget_sound(session, session.get_one(CallRow, CALL), LATER)
        return made

    monkeypatch.setattr(seal, "_write", forgotten_meanwhile)
    seal_anew(database, vault, "2", LATER)
    assert files(vault) == ["node1-1795000000.1.wav.k1.sxr", "node1-1795000000.1.wav.k2.sxr"]
    doomed.sweep(database, {doomed.RECORDINGS: vault.folder})
    assert (files(vault), state(database)) == ([], "erased")


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.rule("A8", part="the checksum is verified")
@pytest.mark.parametrize(("spoil", "expected"), [
    (lambda path: None, None), (_flip, Fault.DAMAGED), (Path.unlink, Fault.GONE),
    (lambda path: path.write_bytes(path.read_bytes()[:-1]), Fault.DAMAGED)])
def test_a_check_finds_what_became_of_a_recording(
        database: Database, vault: Vault, sound: bytes, spoil: Callable[[Path], None], expected: Fault | None) -> None:
    seal_all(database, vault)
    spoil(vault.folder / f"{NAME}.k1.sxr")
    assert [found.fault for found in check_all(database, vault, LATER)] == [expected]
    with database.reading() as session:
        row = session.scalars(select(SealedRecording)).one()
    assert (row.fault, row.verified_at) == (expected, LATER)


def test_a_recording_sealed_with_another_key_of_the_same_number_is_damaged(
        database: Database, vault: Vault, sound: bytes, keys: dict[str, str]) -> None:
    seal_all(database, vault)
    keys["recordings-key-1"] = base64.urlsafe_b64encode(bytes(32)).decode()
    assert [found.fault for found in check_all(database, vault, LATER)] == [Fault.DAMAGED]
    keys.clear()
    assert [found.fault for found in check_all(database, vault, LATER)] == [Fault.NO_KEY]


def test_a_sealed_recording_goes_when_its_time_is_over(database: Database, vault: Vault, sound: bytes) -> None:
    seal_all(database, vault)
    drop_old_sound(database, (vault.folder,), 1, END + timedelta(days=9), ZoneInfo("Asia/Shanghai"))
    assert (state(database), files(vault)) == ("expired", [])
    with database.reading() as session:
        assert list(session.scalars(select(SealedRecording))) == []


@pytest.mark.rule("A8", part="each listening is logged, once")
def test_the_requests_of_one_listening_are_one_row_of_the_audit(database: Database, sound: bytes) -> None:
    def asked(sign_in: int, minutes: float) -> bool:
        with database.writing.begin() as session:
            return listen(session, SYSTEM, sign_in, CALL, END + timedelta(minutes=minutes))

    requests = [asked(1, 0), asked(1, 5), asked(1, 14), asked(2, 14), asked(1, 25), asked(1, 26)]
    assert requests == [True, False, False, True, True, False]
    with database.reading() as session:
        assert [row.action for row in audit_of(session, f"call:{CALL}")] == ["recording.listened"] * 3


def test_two_requests_at_once_are_one_listening(database: Database, sound: bytes) -> None:
    began: list[bool] = []

    def ask() -> None:
        with database.writing.begin() as session:
            began.append(listen(session, SYSTEM, 7, CALL, END))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(began) == [False, False, False, True]


def test_the_sealed_files_checksum_is_that_of_its_bytes(database: Database, vault: Vault, sound: bytes) -> None:
    seal_all(database, vault)
    with database.reading() as session:
        row = session.scalars(select(SealedRecording)).one()
    data = (vault.folder / row.path).read_bytes()
    assert (row.sealed_sha256, row.sealed_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
