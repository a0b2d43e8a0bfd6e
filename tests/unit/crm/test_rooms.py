"""Rooms: however a door is written, it is one door."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.households.rooms import LONGEST, label, number, part_key, room_key


@pytest.mark.parametrize(("building", "unit", "room"), [
    ("3栋", "1", "502"), ("三栋", "一单元", "502室"), ("3号楼", "1单元", "0502"), ("３", "１", "５０２"), ("03幢", "01", "502房"),
    ("3#", "1", "五〇二")])
def test_spellings_of_one_room_have_one_key(building: str, unit: str, room: str) -> None:
    assert room_key(building, unit, room) == "3-1-502"


@pytest.mark.parametrize(("one", "other"), [
    (("1", "12", "3"), ("11", "2", "3")), (("A座", "1", "101"), ("B座", "1", "101")), (("1栋", "1", "101"), ("1栋", "1", "1010")),
    (("商铺1", "1", "1"), ("1", "1", "1"))])
def test_other_rooms_have_other_keys(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert room_key(*one) != room_key(*other)


def test_what_somebody_types_is_the_beginning_of_the_key() -> None:
    key = room_key("12栋", "2", "1801")
    for typed in ("12栋", "十二号楼2单元", "12-2-18", "12栋2单元1801室", "１２－２"):
        assert key.startswith(part_key(typed)), typed


@pytest.mark.parametrize(("words", "value"), [
    ("十", 10), ("十二", 12), ("二十", 20), ("一百零三", 103), ("五〇二", 502), ("百", 100)])
def test_chinese_numbers_are_read(words: str, value: int) -> None:
    assert number(words) == value


@given(st.text(max_size=20), st.text(max_size=10), st.text(max_size=20))
def test_any_text_has_a_key_that_fits_its_column_and_is_its_own(building: str, unit: str, room: str) -> None:
    key = room_key(building, unit, room)
    assert len(key) <= LONGEST
    assert part_key(part_key(building)) == part_key(building)
    assert len(label(building, unit, room)) <= 52
