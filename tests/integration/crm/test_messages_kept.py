"""A message that a caller leaves is kept, sealed and heard as a talk is, behind the talk if somebody talked; a crash loses none."""

from __future__ import annotations

import base64
import os
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.calls import recordings
from crm.calls.models import CallRow
from crm.calls.record import CallRecord
from crm.calls.recordings import GIVEN_UP, seal_recordings
from crm.calls.store import save
from crm.database import Database
from crm.privacy import doomed
from crm.privacy.forget import forget_sound
from crm.recordings.check import check_all
from crm.recordings.keys import KeyRing
from crm.recordings.seal import Vault, seal_anew, seal_one, waiting
from crm.recordings.service import seen, sound_of
from crm.staff.actor import SYSTEM

END = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATER = END + timedelta(seconds=10)
CALL = "node1-1795000000.1"
TALK, MESSAGE, KEPT = f"2026/11/21/{CALL}.wav", f"2026/11/22/{CALL}.wav", f"2026/11/22/{CALL}+message.wav"


class Desk:
    """A call that has ended with a message, and the folders beside the database."""

    def __init__(self, database: Database, folder: Path, *, talked: bool) -> None:
        self.database = database
        self.recordings, self.voicemail = folder / "recordings", folder / "voicemail"
        keys = {f"recordings-key-{number}": base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2)}
        self.keys = dict(list(keys.items())[:1])
        self.both = keys
        self.vault = Vault(self.recordings, KeyRing(lambda: self.keys))
        with database.writing.begin() as session:
            save(session, None, CallRecord(
                CALL, entered_at=END - timedelta(minutes=2), recording=TALK, voicemail=MESSAGE, ended_at=END,
                connected_at=END - timedelta(minutes=1) if talked else None), "node1", 5)

    def wrote(self, folder: Path, name: str, sample: bytes, frames: int) -> None:
        path = folder / name
        path.parent.mkdir(parents=True)
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", "NONE"))
            out.writeframes(sample * frames)
        os.utime(path, (END.timestamp(), END.timestamp()))

    def seals(self, now: datetime = LATER) -> int:
        return seal_recordings(self.database, self.recordings, self.voicemail, now)

    def state(self) -> tuple[str | None, float | None]:
        with self.database.reading() as session:
            row = session.scalars(select(CallRow)).one()
            return row.recording_state, row.recording_s

    def heard(self, folder: Path) -> bytes:
        """Its samples, as whoever listens gets them."""
        with self.database.reading() as session:
            sound = sound_of(session, self.vault, seen(session, SYSTEM, CALL, None))
        path = folder / "heard.wav"
        path.write_bytes(b"".join(sound.read(0, sound.length)))
        sound.close()
        with wave.open(str(path)) as opened:
            return opened.readframes(opened.getnframes())

    def files(self) -> list[str]:
        doomed.sweep(self.database, {doomed.RECORDINGS: self.recordings, doomed.VOICEMAIL: self.voicemail})
        return sorted(str(path.relative_to(self.recordings.parent)) for folder in (self.recordings, self.voicemail)
                      for path in folder.rglob("*") if path.is_file())


@pytest.mark.rule("A11", part="a message is heard on the page, sealed as a recording is")
@pytest.mark.rule("K1", part="messages are encrypted as recordings are, and forgotten with them")
@pytest.mark.parametrize("talked", [False, True])
def test_a_message_is_kept_behind_the_talk_sealed_checked_and_forgotten(
        database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talked: bool) -> None:
    desk = Desk(database, tmp_path, talked=talked)
    desk.wrote(desk.voicemail, MESSAGE, b"\1\2", 16_000)
    if talked:
        assert desk.seals() == 0, "the talk's file may still come"
    desk.wrote(desk.recordings, TALK, b"\3\4", 8_000 if talked else 0)
    wanted = (b"\3\4" * 8_000 + bytes(8_000) if talked else b"") + b"\1\2" * 16_000
    with monkeypatch.context() as patched:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt      # as if the process had died: joined, and not yet written down

        patched.setattr(recordings, "doom", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.seals()
    assert desk.state() == (None, None)
    assert (desk.seals(), desk.seals()) == (1, 0)
    assert (desk.state(), desk.heard(tmp_path)) == (("kept", len(wanted) / 16_000), wanted)
    assert [seal_one(database, desk.vault, row, LATER) for row in waiting(database, None)] == [True]
    assert (desk.state()[0], desk.heard(tmp_path), desk.files()) == ("sealed", wanted, [f"recordings/{KEPT}.k1.sxr"])
    desk.keys |= desk.both
    assert (seal_anew(database, desk.vault, "2", LATER), desk.heard(tmp_path)) == ((1, 0), wanted)
    assert [one.fault for one in check_all(database, desk.vault, LATER)] == [None]
    with database.writing.begin() as session:
        forget_sound(session, session.scalars(select(CallRow)).one(), LATER)
    assert (desk.state()[0], desk.files()) == ("erased", [])


def test_a_message_whose_talk_is_lost_is_kept_after_a_while_and_one_that_is_lost_itself_is_missing(
        database: Database, tmp_path: Path) -> None:
    desk = Desk(database, tmp_path, talked=True)
    assert desk.seals() == 0
    desk.wrote(desk.voicemail, MESSAGE, b"\1\2", 800)
    assert (desk.seals(), desk.seals(END + GIVEN_UP + timedelta(seconds=1)), desk.state()) == (0, 1, ("kept", 0.1))
    with database.writing.begin() as session:
        row = session.scalars(select(CallRow)).one()
        row.recording_state = None
    (desk.voicemail / MESSAGE).unlink(missing_ok=True)
    assert (desk.seals(END + GIVEN_UP + timedelta(seconds=1)), desk.state()[0]) == (1, "missing")
