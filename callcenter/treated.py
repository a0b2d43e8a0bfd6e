"""Callers with a treatment (D1, D4), as crm tells acd and acd keeps them in Asterisk: known there with all of Python dead."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

TREATED_KEY: Final = "sixring:treated"
TREATED: Final[TypeAdapter[dict[str, str]]] = TypeAdapter(dict[str, str])      # caller's key → level
MOST: Final = 1000           # the newest: each is a row of astdb
CHINA: Final = "86"
LONGEST_NATIONAL: Final = 11


def caller_key(number: str) -> str:
    """Of a stored number: its digits without the country of China. The dialplan ([treated]) makes the same of what comes in."""
    digits = number.removeprefix("+")
    return digits.removeprefix(CHINA) if len(digits) > LONGEST_NATIONAL else digits
