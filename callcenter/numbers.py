"""Phone numbers: one way to store them, one way to hide them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import phonenumbers

_DIALABLE = re.compile(r"[^0-9+]")
WITHHELD = ""

# Chinese mobiles are nearly every caller, and the full parser takes longer than the rest of a caller's look-up. These
# (all but 179, which is also a carrier's prefix) it would only give back with +86 before them.
_CHINA = phonenumbers.PhoneMetadata.metadata_for_region("CN", None)
_MOBILE = _CHINA.mobile.national_number_pattern if _CHINA and _CHINA.mobile else None
_PLAIN_MOBILE = re.compile(rf"(?:\+86)?(?=1[3-9])(?!179)((?:{_MOBILE or '(?!)'}))")


def normalise(raw: str, region: str = "CN") -> str:
    """E.164 where the number is a valid public one, else its digits; '' for a withheld or unusable number.

    Extensions such as 1001 stay as they are. Never raises: whatever a trunk sends is a caller.
    """
    if region == "CN" and (mobile := _PLAIN_MOBILE.fullmatch(raw)) and raw.isascii():
        return f"+86{mobile[1]}"
    digits = _DIALABLE.sub("", raw)[:32]
    if not digits.strip("+"):
        return WITHHELD
    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return digits.replace("+", "")
    if phonenumbers.is_possible_number(parsed) and phonenumbers.is_valid_number(parsed):
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return digits.replace("+", "")


def as_dialled(number: str) -> str:
    """The digits that a trunk in China is given for a stored number: mobiles as they are, others with the trunk's 0, and 00
    before a foreign country."""
    if number.startswith("+861") and len(number) == 14:
        return number[3:]
    if number.startswith("+86"):
        national = number[3:]
        return national if national.startswith(("400", "800")) else f"0{national}"
    return f"00{number[1:]}" if number.startswith("+") else number


def fits(patterns: Iterable[str], digits: str) -> bool:
    """Whether one of these patterns of the site file matches all of the digits: 0–9, X any, Z 1–9, N 2–9, [13-5] one of these,
    a `.` at the end one digit or more. Asterisk reads the same patterns in the dialplan."""
    return any(_read(pattern).fullmatch(digits) for pattern in patterns)


@cache
def _read(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("X", "[0-9]").replace("Z", "[1-9]").replace("N", "[2-9]").replace(".", "[0-9]+"))


def masked(number: str) -> str:
    """For logs and for roles that may not see it: the last four digits only."""
    return f"{'*' * max(len(number) - 4, 0)}{number[-4:]}" if number else ""
