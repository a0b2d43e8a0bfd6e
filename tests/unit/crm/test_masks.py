"""Masks: what they leave, and that they leave no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.private import Private
from crm.privacy.masks import is_mask_of, masked


@pytest.mark.rule("K1", part="masks")
@pytest.mark.parametrize(("value", "kind", "shown"), [
    ("+8613812346666", Private.PHONE, "138****6666"), ("13812346666", Private.PHONE, "138****6666"),
    ("+862161234567", Private.PHONE, "021****4567"), ("+12025550123", Private.PHONE, "001******0123"),
    ("1001", Private.PHONE, "****"), ("110", Private.PHONE, "***"),
    ("王小明", Private.NAME, "王**"), ("王伟", Private.NAME, "王**"), ("欧阳娜娜", Private.NAME, "欧阳**"),
    ("司马", Private.NAME, "司**"), ("John Smith", Private.NAME, "J**"),
    ("zhang.san@example.com", Private.EMAIL, "z***@example.com"), ("no address", Private.EMAIL, "***"),
    ("330106199001010013", Private.ID_NUMBER, "330***********0013"),
    ("3-1-502", Private.ROOM, "3-1-502"), ("a safe's code", Private.FIELD, "***"),
    ("请打 13812346666 或 wang@example.com", Private.TEXT, "请打 138****6666 或 w***@example.com"),
    ("身份证330106199001010013，3-1-502室，2026-11-22 上门", Private.TEXT, "身份证330***********0013，3-1-502室，2026-11-22 上门"),
    ("电话138 1234 6666。", Private.TEXT, "电话138******6666。"), ("", Private.PHONE, ""),
])
def test_a_mask_leaves_what_the_desk_needs_to_recognise_it_by(value: str, kind: Private, shown: str) -> None:
    assert masked(value, kind) == shown


@given(st.text(max_size=60), st.sampled_from(Private))
def test_a_mask_that_is_masked_again_stays(value: str, kind: Private) -> None:
    once = masked(value, kind)
    assert masked(once, kind) == once


@given(st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True), st.sampled_from([Private.PHONE, Private.ID_NUMBER]))
def test_four_digits_at_least_are_hidden_of_every_number(value: str, kind: Private) -> None:
    shown = masked(value, kind)
    assert shown.count("*") >= 4
    assert value not in shown


@given(st.text("王李张刘陈杨abc", min_size=2, max_size=12))
def test_the_mask_of_a_name_tells_neither_the_given_name_nor_its_length(name: str) -> None:
    assert masked(name, Private.NAME) == name[0] + "**"


@given(st.text("甲乙丙，。 ", max_size=10), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text("甲乙丙，。 ", max_size=10))
def test_a_number_in_a_text_is_never_shown_and_the_rest_stays(before: str, number: str, after: str) -> None:
    shown = masked(before + number + after, Private.TEXT)
    assert shown == before + masked(number, Private.PHONE) + after


def test_what_was_shown_and_is_sent_back_is_no_new_value() -> None:
    assert is_mask_of("138****6666", "+8613812346666", Private.PHONE)
    assert not is_mask_of("13900000000", "+8613812346666", Private.PHONE)
    assert not is_mask_of("3-1-502", "3-1-502", Private.ROOM)
