"""Cursors: what was put in comes out, and nothing else is taken for one."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.paging import BadCursor, Key, cursor_of, place_of

IDS = st.integers(0, 2**63 - 1)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)      # what a database keeps
KEYS = st.one_of(WORDS, st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
                 st.datetimes(timezones=st.just(UTC)), st.dates())


@given(WORDS, KEYS, IDS)
def test_a_place_comes_back_from_its_cursor(what: str, key: Key, row_id: int) -> None:
    cursor = cursor_of(what, key, row_id)
    assert place_of(what, cursor, type(key)) == (key, row_id)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(WORDS, WORDS, IDS)
def test_a_place_that_no_database_has_is_refused_though_its_check_is_right(before: str, after: str, row_id: int) -> None:
    with pytest.raises(BadCursor):
        place_of("tickets", cursor_of("tickets", f"{before}\0{after}", row_id), str)


@given(KEYS, IDS, st.data())
def test_a_cursor_of_which_one_character_was_altered_is_refused(key: Key, row_id: int, data: st.DataObject) -> None:
    cursor = cursor_of("tickets", key, row_id)
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from(sorted(set("abcXYZ019-_=+%") - {cursor[at]})))
    with pytest.raises(BadCursor):
        place_of("tickets", cursor[:at] + other + cursor[at + 1:], type(key))


@given(KEYS, IDS)
def test_a_cursor_of_another_list_or_of_another_kind_of_key_is_refused(key: Key, row_id: int) -> None:
    cursor = cursor_of("tickets", key, row_id)
    with pytest.raises(BadCursor):
        place_of("households", cursor, type(key))
    for kind in {int, float, datetime, date} - {type(key)}:     # a moment is written as text, so it would pass as one
        with pytest.raises(BadCursor):
            place_of("tickets", cursor, kind)


@given(st.text(max_size=400), st.sampled_from([str, int, float, datetime, date]))
def test_whatever_else_is_sent_is_refused_by_name(junk: str, kind: type[Key]) -> None:
    with pytest.raises(BadCursor):
        place_of("tickets", junk, kind)


@pytest.mark.parametrize("body", [b"[1]", b"[1,2,3]", b"7", b"{}", b'["a"', b"[1,-1]", b"[1,9223372036854775808]", b"[1,true]",
                                  b"[9223372036854775808,1]", b'["\\ud800",1]'])
def test_a_body_that_is_no_place_is_refused_even_with_the_right_sum(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from crm import paging

    forged = base64.urlsafe_b64encode(paging._check("tickets", body) + body).decode().rstrip("=")
    with pytest.raises(BadCursor):
        place_of("tickets", forged, int)
