"""The quick way for Chinese mobiles gives exactly what the whole parser gives."""

from __future__ import annotations

import phonenumbers
from hypothesis import example, given
from hypothesis import strategies as st

from callcenter import numbers


@given(st.from_regex(r"(\+86)?1[0-9]{10}", fullmatch=True))
@example("17912345678")
@example("13800138000")
@example("+8613800138000")
def test_every_mobile_is_normalised_as_the_parser_would(raw: str) -> None:
    parsed = phonenumbers.parse(raw, "CN")
    valid = phonenumbers.is_possible_number(parsed) and phonenumbers.is_valid_number(parsed)
    whole = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if valid else raw.replace("+", "")
    assert numbers.normalise(raw) == whole
