"""What the types of text take and refuse, and that what is cleaned elsewhere is exactly what they refuse."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from pydantic import StringConstraints, TypeAdapter, ValidationError

from callcenter.text_types import ODD_IN_LINE, ODD_IN_LINES, ODD_IN_PLAIN_LINES, line, line_without, lines, plain_lines

CONTROLS = [*map(chr, range(0x20)), "\x7f"]
HALVES = ["\ud800", "\udbff", "\udc00", "\udfff"]
SAID = [chr(code) for code in (0x20, 0x7e, 0x80, 0xa0, 0x2028, 0x4e2d, 0xd7ff, 0xe000, 0xfffd, 0x1f600)]


def takes(constraints: StringConstraints, text: str) -> bool:
    try:
        TypeAdapter(Annotated[str, constraints]).validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("constraints", "odd", "meant"), [
    (line(9), ODD_IN_LINE, ""), (lines(9), ODD_IN_LINES, "\t\n\r"), (plain_lines(9), ODD_IN_PLAIN_LINES, "\n")],
    ids=["line", "lines", "plain lines"])
def test_each_refuses_controls_and_halves_and_takes_all_else(constraints: StringConstraints, odd: re.Pattern[str],
                                                             meant: str) -> None:
    for sign in [*CONTROLS, *HALVES, *SAID]:
        fits = sign in SAID or sign in meant
        assert takes(constraints, f"x{sign}y") is fits, ascii(sign)
        assert (odd.search(f"x{sign}y") is None) is fits, ascii(sign)


def test_lengths_are_of_what_is_left_when_the_ends_are_cut_off() -> None:
    assert TypeAdapter(Annotated[str, line(3)]).validate_python(" \n abc\t") == "abc"
    assert takes(line(3), "abcd") is takes(line(3), " ") is takes(line(9, strip=False), "x\n") is False
    assert takes(line(3, least=0), "") is takes(line(1, strip=False), " ") is True


def test_what_means_something_to_asterisk_can_be_left_out_too() -> None:
    label = line_without('";,|$[]{}()\\', 9)
    assert all(not takes(label, f"x{sign}y") for sign in '";,|$[]{}()\\\r\n\x00')
    assert all(takes(label, f"x{sign}y") for sign in "-^. 中'&")
