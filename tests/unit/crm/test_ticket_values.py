"""Fields of tickets: what fits is kept so that it fits again, what does not is named with a code, and nothing else happens."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.kinds.load import load_kind, shipped_texts
from crm.kinds.schema import FieldRule, FieldType
from crm.tickets.attachments import safe_name, type_of
from crm.tickets.values import LONGEST_TITLE, Unfit, checked, fits, merged, title_of, value_of

KINDS = {name: load_kind(text, f"{name}.yaml") for name, text in shipped_texts().items()}
OPTIONS = {"a": {"zh": "甲", "en": "A"}, "b": {"zh": "乙", "en": "B"}}


def rule(type: FieldType, **more: object) -> FieldRule:  # noqa: A002 - the field's word
    options = OPTIONS if type in (FieldType.CHOICE, FieldType.CHOICES) else {}
    return FieldRule.model_validate({"name": {"zh": "项", "en": "Item"}, "type": type.value, "options": options, **more})


JUNK = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
                    | st.sampled_from(["2026-11-22", "2026-11-22T10:00:00+08:00", "12.50", "13900001234", "a", "b"]),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2))


@given(st.sampled_from(sorted(FieldType)), JUNK)
@example(FieldType.TIME, "0001-01-01T00:00:00+14:00")
@example(FieldType.TIME, "9999-12-31T23:59:59-14:00")
@example(FieldType.NUMBER, float("nan"))
@example(FieldType.MONEY, "１２.５０")
def test_whatever_is_given_is_refused_with_a_code_or_kept_so_that_it_fits_again(type: FieldType, given_value: object) -> None:  # noqa: A002
    if given_value is None:
        return
    with contextlib.suppress(Unfit):
        kept = value_of(rule(type), given_value)
        _holds(type, kept)


def _holds(type: FieldType, kept: object) -> None:  # noqa: A002
    assert json.loads(json.dumps(kept)) == kept
    json.dumps(kept, ensure_ascii=False).encode()     # a database could keep it
    if kept is not None:
        assert value_of(rule(type), kept) == kept


GIVEN = st.dictionaries(st.text(max_size=8) | st.sampled_from(["what", "urgency", "due"]), JUNK, max_size=5)


@given(st.sampled_from(sorted(KINDS)), GIVEN)
def test_every_given_field_is_either_kept_or_named_as_a_fault_once(name: str, given_fields: dict[str, object]) -> None:
    kept, faults = checked(KINDS[name].fields, given_fields)
    assert sorted([*kept, *(fault.field for fault in faults)]) == sorted(given_fields)
    title = title_of(KINDS[name], None, merged({}, kept))
    assert title is None or (0 < len(title) <= LONGEST_TITLE and "\n" not in title)


@pytest.mark.parametrize(("type", "given_value", "kept"), [
    (FieldType.TEXT, "  水管  ", "水管"), (FieldType.TEXT, " ", None), (FieldType.LONG_TEXT, "一\n二", "一\n二"),
    (FieldType.NUMBER, 3, 3), (FieldType.MONEY, "12.5", "12.50"), (FieldType.MONEY, "0", "0.00"), (FieldType.YES_NO, False, False),
    (FieldType.CHOICE, "a", "a"), (FieldType.CHOICES, ["b", "a", "a"], ["a", "b"]), (FieldType.CHOICES, [], None),
    (FieldType.DATE, "2026-11-22", "2026-11-22"), (FieldType.TIME, "2026-11-22T10:00:00+08:00", "2026-11-22T02:00:00+00:00"),
    (FieldType.PHONE, "139 0000 1234", "+8613900001234"), (FieldType.RATING, 3, 3), (FieldType.FILES, [2, 1, 2], [1, 2])])
def test_values_are_kept_in_one_way(type: FieldType, given_value: object, kept: object) -> None:  # noqa: A002
    assert value_of(rule(type), given_value) == kept


@pytest.mark.parametrize(("field", "given_value", "code"), [
    (rule(FieldType.TEXT), 1, "no_text"),
    (rule(FieldType.TEXT), "a\nb", "more_than_a_line"),
    (rule(FieldType.TEXT), "a\x00b", "bad_characters"),
    (rule(FieldType.LONG_TEXT), "\ud800", "bad_characters"), (rule(FieldType.TEXT, longest=3), "abcd", "too_long"),
    (rule(FieldType.TEXT, pattern="[A-Z]{2}"), "ABC", "no_match"), (rule(FieldType.TEXT, pattern="A|B"), "AX", "no_match"),
    (rule(FieldType.NUMBER), True, "no_number"), (rule(FieldType.NUMBER, least=1), 0, "too_small"),
    (rule(FieldType.MONEY, most=10), "10.01", "too_large"),
    (rule(FieldType.MONEY), 12.5, "no_money"),
    (rule(FieldType.MONEY), "1.234", "no_money"),
    (rule(FieldType.YES_NO), "yes", "no_yes_no"),
    (rule(FieldType.CHOICE), "c", "no_option"),
    (rule(FieldType.CHOICES), ["a", "c"], "no_option"),
    (rule(FieldType.DATE), "22.11.2026", "no_date"), (rule(FieldType.TIME), "2026-11-22T10:00:00", "no_time"),
    (rule(FieldType.PHONE), "call me", "no_phone"),
    (rule(FieldType.PERSON), 7, "no_person"),
    (rule(FieldType.RATING), 4, "no_rating"),
    (rule(FieldType.RATING), True, "no_rating"),
    (rule(FieldType.FILES), [0], "no_files"),
    (rule(FieldType.FILES), "1", "no_files")])
def test_a_value_that_does_not_fit_has_a_code(field: FieldRule, given_value: object, code: str) -> None:
    with pytest.raises(Unfit, match=f"^{code}$"):
        value_of(field, given_value)


def test_a_pattern_costs_no_more_than_the_text_is_long() -> None:
    began = datetime.now(UTC)
    with pytest.raises(Unfit):
        value_of(rule(FieldType.TEXT, pattern="(a+)+b", longest=10_000), "a" * 10_000)
    assert (datetime.now(UTC) - began).total_seconds() < 5


def test_the_title_has_the_words_of_the_category_and_of_options() -> None:
    repair = KINDS["repair"]
    assert title_of(repair, "water/leak", {"place": "厨房"}) == "漏水 厨房"
    assert title_of(repair, None, {}) == "报修"
    assert title_of(KINDS["promise"], None, {}) is None


def test_a_condition_is_met_by_an_option_or_by_yes_and_no() -> None:
    assert fits(True, "yes")
    assert fits(False, "no")
    assert fits("a", "a")
    assert not fits(None, "no")
    assert not fits(True, "no")


@given(st.text(max_size=300))
def test_a_file_s_name_is_never_empty_nor_a_path(name: str) -> None:
    shown = safe_name(name, "image/png")
    assert 0 < len(shown) <= 120
    assert not set(shown) & set("/\\\x00\n\r\u202e")
    assert shown not in (".", "..")
    shown.encode()


@given(st.binary(max_size=64))
def test_a_file_is_what_its_beginning_says_or_nothing(content: bytes) -> None:
    found = type_of(content)
    assert found is None or found == "application/pdf" or found.startswith(("image/", "audio/"))
    assert type_of(b"<html>" + content) is None
