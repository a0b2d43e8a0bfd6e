"""A sealed recording opens anywhere, only with its key and for its call, and no bit of it can be changed."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.recordings.files import PlainFile, RecordingMissing, place, recorded, sealed_name
from crm.recordings.keys import KeyMissing, KeyRing
from crm.recordings.peaks import HEADER, peaks
from crm.recordings.sealed import FRAME, Damaged, SealedFile, write

CALL = "node1-1795000000.1"
SMALL = 64               # bytes a frame, so that little sound has many
A_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def ring(*ids: str) -> KeyRing:
    keys = {f"recordings-key-{number}": base64.urlsafe_b64encode(bytes([int(number)]) * 32).decode().rstrip("=") for number in ids}
    return KeyRing(lambda: keys)


def seal(path: Path, sound: bytes, *, frame: int = SMALL, key_id: str = "1") -> Path:
    with path.open("wb") as out:
        write(io.BytesIO(sound), len(sound), out, CALL, ring("1", "2"), key_id, frame)
    return path


def opened(path: Path, begin: int = 0, end: int = 1 << 40, *, call: str = CALL, keys: KeyRing | None = None) -> bytes:
    with SealedFile(path, call, keys or ring("1", "2")) as file:
        return b"".join(file.read(begin, end))


@pytest.mark.rule("A8", part="recordings are encrypted at rest")
@A_FILE
@given(sound=st.binary(max_size=5 * SMALL), begin=st.integers(0, 6 * SMALL), size=st.integers(0, 6 * SMALL))
def test_any_part_of_it_is_that_part_of_the_sound(tmp_path: Path, sound: bytes, begin: int, size: int) -> None:
    path = seal(tmp_path / "a.sxr", sound)
    assert opened(path, begin, begin + size) == sound[begin:begin + size]
    assert opened(path) == sound


@pytest.mark.rule("A8", part="no bit of a sealed recording is changed unnoticed")
@A_FILE
@given(sound=st.binary(max_size=3 * SMALL), where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_bit_that_is_flipped_anywhere_is_refused(tmp_path: Path, sound: bytes, where: int, bit: int) -> None:
    path = seal(tmp_path / "a.sxr", sound)
    data = bytearray(path.read_bytes())
    data[where % len(data)] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises((Damaged, KeyMissing)):
        opened(path)


@A_FILE
@given(sound=st.binary(min_size=1, max_size=4 * SMALL), cut=st.integers(min_value=1))
def test_a_file_that_is_cut_off_or_has_more_is_refused(tmp_path: Path, sound: bytes, cut: int) -> None:
    path = seal(tmp_path / "a.sxr", sound)
    data = path.read_bytes()
    for wrong in (data[:-(cut % len(data)) or -1], data + b"\0" * (cut % 99 + 1)):
        path.write_bytes(wrong)
        with pytest.raises(Damaged):
            opened(path)


def test_frames_that_are_swapped_or_of_another_call_are_refused(tmp_path: Path) -> None:
    sound = os.urandom(3 * SMALL)
    path = seal(tmp_path / "a.sxr", sound)
    data = path.read_bytes()
    head, size = len(data) - 3 * (SMALL + 16), SMALL + 16
    frames = [data[head + number * size:head + (number + 1) * size] for number in range(3)]
    path.write_bytes(data[:head] + frames[1] + frames[0] + frames[2])
    with pytest.raises(Damaged):
        opened(path)
    path.write_bytes(data)
    with pytest.raises(Damaged):
        opened(path, call="node1-1795000000.2")


def test_it_opens_with_an_older_key_and_with_no_other(tmp_path: Path) -> None:
    path = seal(tmp_path / "a.sxr", b"sound", key_id="1")
    assert opened(path, keys=ring("1", "2", "3")) == b"sound"
    with pytest.raises(KeyMissing):
        opened(path, keys=ring("2"))
    assert ring("2", "10", "9").newest() == "10"
    with pytest.raises(KeyMissing):
        ring().newest()


def test_nothing_of_the_sound_is_in_the_file_and_two_files_of_it_differ(tmp_path: Path) -> None:
    sound = b"sixring" * 20_000
    one, two = seal(tmp_path / "a.sxr", sound, frame=FRAME), seal(tmp_path / "b.sxr", sound, frame=FRAME)
    assert b"sixring" not in one.read_bytes()
    assert one.read_bytes() != two.read_bytes()
    assert opened(one) == sound


def test_a_source_that_ends_too_early_is_told(tmp_path: Path) -> None:
    with pytest.raises(Damaged), (tmp_path / "a.sxr").open("wb") as out:
        write(io.BytesIO(b"abc"), 4, out, CALL, ring("1"), "1")


@given(loud=st.lists(st.integers(-32768, 32767), max_size=200), columns=st.integers(1, 60), cut=st.integers(1, 50))
def test_a_waveform_shows_the_loudest_of_each_part_however_the_file_is_read(loud: list[int], columns: int, cut: int) -> None:
    data = bytes(HEADER) + b"".join(value.to_bytes(2, "little", signed=True) for value in loud)
    parts = [data[at:at + cut] for at in range(0, len(data), cut)]
    shown = peaks(parts, len(data), columns)
    assert shown == peaks([data], len(data), columns)
    assert len(shown) == min(columns, len(loud))
    assert max(shown, default=0) == min(max((abs(value) for value in loud), default=0) >> 7, 255)


@pytest.mark.rule("A8", part="a paused recording is silent")
def test_a_silent_part_has_a_flat_waveform() -> None:
    sound = b"\x00\x40" * 800 + bytes(1600) + b"\x00\x40" * 800
    assert peaks([bytes(HEADER) + sound], HEADER + len(sound), 3) == bytes([128, 0, 128])


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    assert place(tmp_path, "2026/a.wav") == tmp_path / "2026/a.wav"
    for name in ("../a.wav", "/etc/passwd"):
        with pytest.raises(RecordingMissing):
            place(tmp_path, name)


def test_plain_and_sealed_files_have_the_journals_names(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026/a.wav").write_bytes(b"abcdef")
    (tmp_path / sealed_name("2026/b.wav", "12")).write_bytes(b"")
    assert recorded(tmp_path) == {"2026/a.wav", "2026/b.wav"}
    with PlainFile(tmp_path / "2026/a.wav") as file:
        assert (file.length, b"".join(file.read(2, 4))) == (6, b"cd")


def test_secrets_that_are_no_json_for_a_moment_are_a_missing_key_and_no_fault() -> None:
    def half_written() -> dict[str, str]:
        return dict(json.loads('{"recordings-key-1": '))

    with pytest.raises(KeyMissing):
        KeyRing(half_written).newest()
