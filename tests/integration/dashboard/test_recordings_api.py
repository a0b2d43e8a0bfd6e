"""Recordings over the API: any part of a sealed one, waveform, notes, export; found by call, ticket and household (A8)."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hotline.own_redis import Redis
from wall.rig import CHECKOUT, PASSWORD, DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.runtime.credentials import keep_secrets
from callcenter.settings import Settings
from crm.calls.models import CallRow, ContactEntry
from crm.database import open_database
from crm.privacy import doomed
from crm.recordings.keys import KeyRing
from crm.recordings.seal import Vault, seal_one, waiting
from crm.recordings.sealed import FRAME
from crm.staff.audit import audit_of
from crm.tickets.models import Ticket

Rig = tuple[Redis, Settings, DashboardThread]
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SEALED, PLAIN = "node1-1.1", "node1-2.2"


def write_wav(path: Path, seconds: float) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        out.writeframes(random.Random(1).randbytes(int(8000 * seconds) * 2))
    return path.read_bytes()


@pytest.fixture(scope="module")
def filled(rig: Rig) -> dict[str, bytes]:
    """One sealed recording of twenty seconds, one that is not sealed yet; a ticket of each."""
    settings = rig[1]
    keep_secrets(settings.secrets_file, ["recordings-key-1"])
    sounds = {}
    database = open_database(settings.database_url)
    for place, (call_id, seat, seconds) in enumerate(((SEALED, "1001", 20.0), (PLAIN, "1002", 1.0))):
        name = f"2026/11/22/{call_id}.wav"
        data = sounds[call_id] = write_wav(settings.recordings / name, seconds)
        with database.writing.begin() as session:
            session.add(CallRow(
                call_id=call_id, node="node1", number="13812346666", menu_keys=[], queue="repair", stage=0, seats_rung=[],
                entered_at=NOON + timedelta(minutes=place), answered_at=NOON, ended_at=NOON + timedelta(hours=1), fold={},
                answered_by=seat, answered_agent="801" if call_id == SEALED else None, outcome="answered",
                recording=name, recording_state="kept", recording_s=seconds,
                recording_sha256=hashlib.sha256(data).hexdigest(), recording_bytes=len(data)))
            session.add(Ticket(id=place + 1, number=f"C-{place}", kind="repair", created_at=NOON, fields={},
                               call_id=call_id if call_id == SEALED else None))
            session.flush()
            session.add(ContactEntry(source="call", call_id=call_id, seat=seat, at=NOON, ticket_id=place + 1,
                                     declined_contact=False))
    vault = Vault(settings.recordings, KeyRing(settings.secrets))
    assert seal_one(database, vault, waiting(database, None)[0], NOON)
    doomed.sweep(database, {doomed.RECORDINGS: settings.recordings})
    database.close()
    assert not (settings.recordings / f"2026/11/22/{SEALED}.wav").exists()
    return sounds


@pytest.fixture
def leader(filled: dict[str, bytes], rig: Rig) -> Iterator[httpx.Client]:
    with signed_in(rig[2].url, Role.LEADER) as client:
        yield client


@pytest.fixture
def agent(filled: dict[str, bytes], rig: Rig) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=rig[2].url, timeout=60) as client:
        assert client.post("/api/v1/session", json={"name": "agent", "password": PASSWORD, "seat": "1001"}).status_code == 201
        yield client


def audited(rig: Rig, subject: str) -> list[tuple[str, str, str | None]]:
    database = open_database(rig[1].database_url)
    with database.reading() as session:
        found = [(entry.who, entry.action, entry.detail) for entry in audit_of(session, subject)]
    database.close()
    return found


@pytest.mark.rule("A8", part="listening to any part, and each listening is logged")
def test_any_part_of_a_sealed_recording_is_sent_and_the_listening_is_logged_once(
        filled: dict[str, bytes], leader: httpx.Client, rig: Rig) -> None:
    path, sound = f"/api/v1/calls/{SEALED}/recording", filled[SEALED]
    whole = leader.get(path)
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "audio/wav", sound)
    for header, begin, end in (("bytes=0-0", 0, 1), ("bytes=44-143", 44, 144),
                               (f"bytes={FRAME - 5}-{FRAME + 5}", FRAME - 5, FRAME + 6),
                               ("bytes=300000-", 300_000, len(sound)), ("bytes=-7", len(sound) - 7, len(sound)),
                               ("bytes=100-99999999", 100, len(sound))):
        part = leader.get(path, headers={"Range": header})
        assert (part.status_code, part.content) == (206, sound[begin:end]), header
        assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(sound)}"
    beyond = leader.get(path, headers={"Range": f"bytes={len(sound)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(sound)}")
    assert beyond.json()["code"] == "range_not_satisfiable"
    changed = leader.get(path, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (changed.status_code, len(changed.content)) == (200, len(sound))
    assert audited(rig, f"call:{SEALED}") == [("leader", "recording.listened", None)]


def test_one_that_is_not_sealed_yet_is_heard_all_the_same(filled: dict[str, bytes], leader: httpx.Client) -> None:
    assert leader.get(f"/api/v1/calls/{PLAIN}/recording").content == filled[PLAIN]
    assert len(leader.get(f"/api/v1/recordings/{PLAIN}/waveform").json()["peaks"]) == 800


@pytest.mark.rule("A8", part="found from its ticket and its call")
def test_recordings_are_found_by_call_and_by_ticket(leader: httpx.Client) -> None:
    def found(**query: object) -> list[str]:
        return [item["call_id"] for item in leader.get("/api/v1/recordings", params=query).json()["items"]]  # type: ignore[arg-type]
    assert found() == [PLAIN, SEALED]
    assert found(call_id=SEALED) == [SEALED]
    assert (found(ticket_id=1), found(ticket_id=2)) == ([SEALED], [PLAIN])
    assert leader.get("/api/v1/recordings", params={"ticket_id": 99}).status_code == 404
    assert leader.get("/api/v1/recordings", params={"household_id": 99}).json()["items"] == []
    first = leader.get("/api/v1/recordings", params={"limit": 1}).json()
    assert first["next"] == PLAIN
    second = leader.get("/api/v1/recordings", params={"limit": 1, "cursor": PLAIN}).json()
    assert (second["items"][0]["call_id"], second["next"]) == (SEALED, None)
    item = second["items"][0]
    assert (item["sealed"], item["fault"], item["seconds"], item["expires_on"]) == (True, None, 20.0, "2027-05-22")


def test_an_agent_hears_the_calls_of_the_own_seat_only(agent: httpx.Client) -> None:
    assert [item["call_id"] for item in agent.get("/api/v1/recordings").json()["items"]] == [SEALED]
    assert agent.get(f"/api/v1/calls/{PLAIN}/recording").status_code == 403
    assert agent.get(f"/api/v1/recordings/{PLAIN}/waveform").status_code == 403
    assert agent.post(f"/api/v1/recordings/{SEALED}/export", json={"reason": "x"}).status_code == 403


def test_a_leader_notes_whether_the_greeting_was_said_where_an_agent_answered(
        leader: httpx.Client, agent: httpx.Client, rig: Rig) -> None:
    path = f"/api/v1/recordings/{SEALED}/greeting"
    assert agent.put(path, json={"said": True}).status_code == 403
    assert leader.put(f"/api/v1/recordings/{PLAIN}/greeting", json={"said": True}).json()["code"] == "nobody_greets"
    assert leader.put(path, json={"said": False}).json()["agent"] == "801"
    for query, found in (({"greeting": "false"}, [SEALED]), ({"greeting": "true"}, []), ({"agent": "801"}, [SEALED]),
                         ({"agent": "802"}, [])):
        assert [item["call_id"] for item in leader.get("/api/v1/recordings", params=query).json()["items"]] == found, query
    assert ("leader", "recording.greeting", "not_said") in audited(rig, f"call:{SEALED}")


def test_a_message_of_a_caller_with_whom_nobody_talked_is_heard_by_every_agent(agent: httpx.Client, rig: Rig) -> None:
    call_id, settings = "node1-3.3", rig[1]
    data = write_wav(settings.recordings / f"2026/11/21/{call_id}+message.wav", 1.0)
    database = open_database(settings.database_url)
    row = CallRow(
        call_id=call_id, node="node1", number="13812346666", menu_keys=[], queue="repair", stage=0, seats_rung=[], fold={},
        outcome="message", entered_at=NOON - timedelta(days=1), ended_at=NOON - timedelta(days=1),
        voicemail=f"2026/11/21/{call_id}.wav",
        recording_state="kept", recording_s=1.0, recording_sha256=hashlib.sha256(data).hexdigest(),
        recording_bytes=len(data))
    try:
        with database.writing.begin() as session:
            session.add(row)
        items = agent.get("/api/v1/recordings").json()["items"]
        assert [(item["call_id"], item["message"]) for item in items] == [(SEALED, False), (call_id, True)]
        assert agent.get(f"/api/v1/calls/{call_id}/recording").content == data
        assert len(agent.get(f"/api/v1/recordings/{call_id}/waveform").json()["peaks"]) == 800
    finally:
        with database.writing.begin() as session:
            session.delete(session.get(CallRow, call_id))
        database.close()


def test_a_waveform_is_small_and_of_the_whole_recording(leader: httpx.Client) -> None:
    shown = leader.get(f"/api/v1/recordings/{SEALED}/waveform").json()
    assert (shown["seconds"], len(shown["peaks"])) == (20.0, 800)
    assert min(shown["peaks"]) > 200     # noise is loud everywhere


def test_notes_stand_at_a_time_and_are_dropped_by_their_writer_or_a_leader(leader: httpx.Client, agent: httpx.Client) -> None:
    path = f"/api/v1/recordings/{SEALED}/notes"
    later = leader.post(path, json={"at_s": 12.5, "text": " 语气不好 "})
    assert (later.status_code, later.json()["text"], later.json()["who"]) == (201, "语气不好", "leader")
    own = agent.post(path, json={"at_s": 3, "text": "报房号"}).json()
    assert [(note["at_s"], note["who"]) for note in agent.get(path).json()["notes"]] == [(3.0, "agent"), (12.5, "leader")]
    assert leader.get("/api/v1/recordings", params={"call_id": SEALED}).json()["items"][0]["notes"] == 2
    assert leader.post(path, json={"at_s": 21, "text": "behind the end"}).status_code == 404
    assert agent.delete(f"{path}/{later.json()['note_id']}").status_code == 403
    assert leader.delete(f"{path}/{own['note_id']}").status_code == 204
    assert leader.delete(f"{path}/{own['note_id']}").status_code == 404


@pytest.mark.rule("A8", part="export with a reason")
def test_an_export_is_the_sound_under_a_name_that_tells_who_took_it(
        filled: dict[str, bytes], leader: httpx.Client, rig: Rig) -> None:
    path = f"/api/v1/recordings/{SEALED}/export"
    assert leader.post(path, json={"reason": "  "}).status_code == 422
    answer = leader.post(path, json={"reason": "物业纠纷取证"})
    assert (answer.status_code, answer.content) == (200, filled[SEALED])
    name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
    assert name.startswith(f"{SEALED}_leader_")
    assert name.endswith(f"_{hashlib.sha256(filled[SEALED]).hexdigest()[:8]}.wav")
    [(who, _, detail)] = [row for row in audited(rig, f"call:{SEALED}") if row[1] == "recording.exported"]
    assert (who, json.loads(detail or "")) == ("leader", {"reason": "物业纠纷取证", "file": name})


def test_a_damaged_recording_is_told_and_never_sent(filled: dict[str, bytes], leader: httpx.Client, rig: Rig) -> None:
    path = rig[1].recordings / f"2026/11/22/{SEALED}.wav.k1.sxr"
    data = path.read_bytes()
    path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    try:
        answer = leader.get(f"/api/v1/calls/{SEALED}/recording")
        assert (answer.status_code, answer.json()["code"]) == (409, "recording_damaged")
        checked = crm(rig, "recordings", "verify")
        assert (checked.returncode, checked.stdout.strip()) == (1, "1 recordings, 1 faults")
    finally:
        path.write_bytes(data)
    assert crm(rig, "recordings", "verify").returncode == 0


def test_the_console_seals_all_anew_with_a_new_key(filled: dict[str, bytes], leader: httpx.Client, rig: Rig) -> None:
    done = crm(rig, "recordings", "rekey")
    assert (done.returncode, done.stdout.strip()) == (0, "key 2: 1 recordings sealed anew")
    assert leader.get(f"/api/v1/calls/{SEALED}/recording").content == filled[SEALED]
    assert crm(rig, "recordings", "rekey", "--continue").stdout.strip() == "key 2: 0 recordings sealed anew"


def crm(rig: Rig, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "crm", *words], cwd=CHECKOUT, capture_output=True, text=True,
                          env=os.environ | {"SIXRING_STATE": str(rig[1].state)})
