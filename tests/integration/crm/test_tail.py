"""Following a log file through all that happens to log files: every line once, in order."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from crm.calls.tail import LONGEST_LINE, Chunk, Line, Position, read


class Reader:
    """Reads on from where it was, as the recorder does."""

    def __init__(self, path: Path, position: Position | None = None, limit: int = 4096) -> None:
        self.path, self.position, self.limit = path, position, limit
        self.gaps = 0

    def all(self) -> list[bytes]:
        lines: list[bytes] = []
        while chunk := read(self.path, self.position, self.limit):
            lines += [line.text for line in chunk.lines]
            self.position = chunk.position
            self.gaps += chunk.gap
        return lines


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


def write(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_file_that_is_not_there_yet_has_no_lines(log: Path) -> None:
    assert read(log, None) is None
    log.touch()
    assert read(log, None) is None


def test_lines_are_read_once_as_they_come(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n2|b\n")
    assert reader.all() == [b"1|a", b"2|b"]
    assert reader.all() == []
    write(log, "3|c\n")
    assert reader.all() == [b"3|c"]


def test_half_a_line_waits_for_its_other_half(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n2|")
    assert reader.all() == [b"1|a"]
    write(log, "b\n")
    assert reader.all() == [b"2|b"]


def test_half_of_the_very_first_line_waits_too(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|")
    assert reader.all() == []
    write(log, "a\n")
    assert reader.all() == [b"1|a"]


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n")
    assert reader.all() == [b"1|a"]
    write(log, "2|b\n")
    log.rename(log.with_name("queue_log.1"))
    assert reader.all() == [b"2|b"]  # while there is no new file
    write(log.with_name("queue_log.1"), "3|c\n")
    log.touch()  # logrotate's `create`: Asterisk still writes into the old one
    write(log.with_name("queue_log.1"), "4|d\n")
    assert reader.all() == [b"3|c", b"4|d"]
    write(log, "5|e\n")
    assert reader.all() == [b"5|e"]


def test_several_rotations_during_a_long_stop_lose_nothing(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n")
    reader.all()
    write(log, "2|b\n")
    log.rename(log.with_name("queue_log.2"))
    os.utime(log.with_name("queue_log.2"), (1000, 1000))
    write(log, "3|c\n")
    log.rename(log.with_name("queue_log.1"))
    os.utime(log.with_name("queue_log.1"), (2000, 2000))
    write(log, "4|d\n")
    assert reader.all() == [b"2|b", b"3|c", b"4|d"]
    assert reader.gaps == 0


def test_copy_and_truncate_loses_and_repeats_nothing(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n2|b\n")
    assert len(reader.all()) == 2
    write(log, "3|c\n")
    shutil.copy(log, log.with_name("queue_log.1"))
    assert reader.all() == [b"3|c"]  # between copy and truncation
    os.truncate(log, 0)
    assert reader.all() == []
    write(log, "4|d\n5|e\n6|f\n7|g\n")  # longer than the old one was
    assert reader.all() == [b"4|d", b"5|e", b"6|f", b"7|g"]


def test_copy_and_truncate_between_two_looks_reads_the_rest_from_the_copy(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n")
    reader.all()
    write(log, "2|b\n")
    shutil.copy(log, log.with_name("queue_log.1"))
    os.truncate(log, 0)
    write(log, "3|c\n")
    assert reader.all() == [b"2|b", b"3|c"]
    assert reader.gaps == 0


def test_a_line_that_a_crash_cut_short_ends_with_its_file(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n2|")
    reader.all()
    log.rename(log.with_name("queue_log.1"))
    write(log, "3|c\n")
    chunk = read(log, reader.position)
    assert chunk
    assert chunk.lines == (Line(4, b"2|", whole=False),)
    assert reader.all() == [b"2|", b"3|c"]


def test_when_the_old_file_is_gone_the_gap_is_told_and_the_new_one_read(log: Path) -> None:
    reader = Reader(log)
    write(log, "1|a\n")
    reader.all()
    log.unlink()
    write(log, "9|z\n")
    assert reader.all() == [b"9|z"]
    assert reader.gaps == 1


def test_a_first_start_begins_with_the_oldest_rotated_file(log: Path) -> None:
    for name, text, when in (("queue_log.2", "1|a\n", 1000), ("queue_log.1", "2|b\n", 2000)):
        write(log.with_name(name), text)
        os.utime(log.with_name(name), (when, when))
    write(log, "3|c\n")
    write(log.with_name("queue_log.bak"), "0|x\n")
    write(log.with_name("queue_log.3.gz"), "0|x\n")
    assert Reader(log).all() == [b"1|a", b"2|b", b"3|c"]


def test_a_line_longer_than_a_chunk_is_read_whole_once_it_is_there(log: Path) -> None:
    reader = Reader(log, limit=128)
    write(log, "1|a\n" + "x" * 300)
    assert reader.all() == [b"1|a"]
    write(log, "y\n2|b\n")
    assert reader.all() == [b"x" * 300 + b"y", b"2|b"]


def test_a_line_longer_than_any_is_cut_and_does_not_stop_the_reader(log: Path) -> None:
    write(log, "1|a\n" + "x" * (LONGEST_LINE + 5) + "\n2|b\n")
    lines: list[Line] = []
    position = None
    while chunk := read(log, position, 128):
        lines += chunk.lines
        position = chunk.position
    assert [(line.text[:1], len(line.text)) for line in lines if not line.whole] == [(b"x", LONGEST_LINE)]
    assert lines[-1] == Line(LONGEST_LINE + 10, b"2|b")


@pytest.mark.parametrize("limit", [8, 11, 64])
def test_the_position_after_any_chunk_is_enough_to_go_on(log: Path, limit: int) -> None:
    expected = [f"{n}|abc".encode() for n in range(20)]
    write(log, "".join(f"{n}|abc\n" for n in range(20)))
    found: list[bytes] = []
    position: Position | None = None
    while chunk := read(log, position, limit):
        assert isinstance(chunk, Chunk)
        found += [line.text for line in chunk.lines]
        position = Position(chunk.position.inode, chunk.position.fingerprint, chunk.position.offset)
    assert found == expected
