"""Who calls? The `lookup` script: caller's number in, SIXRING_CALLER out, in one command (A7)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, Protocol

from agi.channel import Channel
from agi.points import points_of
from callcenter.errors import Unavailable
from crm.callers.schemas import History
from crm.households.schemas import Found

VARIABLE: Final = "SIXRING_CALLER"
UNKNOWN: Final = "||0|"
DISPLAY_CHARACTERS: Final = 40
LANGUAGES: Final = frozenset({"zh", "en"})

# What may not be shown: all but letters and digits of the Basic Multilingual Plane, space, "-" and ".".
_HIDDEN: Final = re.compile(r"[^\w .-]|[_\U00010000-\U0010ffff]")
_LONGEST_READ: Final = 400


class Households(Protocol):
    def find(self, number: str) -> Found | None:
        """Raises Unavailable without a database."""
        ...


class Past(Protocol):
    def history(self, number: str, call_id: str) -> History: ...


class Lookup:
    """The handler of the script. Without a database the caller is unknown. `estates`: site id by an estate's name."""

    def __init__(self, households: Households, past: Past, estates: Mapping[str, str]) -> None:
        self._households, self._past, self._estates = households, past, estates

    def __call__(self, channel: Channel) -> None:
        number = channel.environment.get("agi_callerid")
        history = self._past.history(number, channel.environment.get("agi_arg_1"))
        try:
            found = self._households.find(number)
        except Unavailable:  # counted and logged where it was raised; the caller must not wait for it
            found = None
        channel.leave_with(VARIABLE, caller_value(found, history, self._estates))


def caller_value(found: Found | None, history: History, estates: Mapping[str, str]) -> str:
    """`<household id>|<language>|<points>|<display>|<estate id>|<prefer>|<treat>|<why>` as docs/contracts.md says; empty fields
    at the end are left out."""
    points, why = points_of(found.tags if found else (), history)
    more = "|".join((estates.get(found.estate, "") if found else "", history.agent, history.treatment, why)).rstrip("|")
    if found is None:
        known = f"||{points}|"
    else:
        language = found.language if found.language in LANGUAGES else ""
        known = f"{int(found.household_id)}|{language}|{points}|{display_text(found.name, found.room, *found.tags)}"
    return f"{known}|{more}" if more else known


def display_text(*parts: str) -> str:
    """What a ringing phone shows, in order of importance. A part that does not fit is cut; nothing in it can mean
    anything to Asterisk: full-width forms become plain ones, everything but letters, digits, space, "-" and "." becomes a space."""
    text = " ".join(part[:_LONGEST_READ] for part in parts)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_HIDDEN.sub(" ", text).split())[:DISPLAY_CHARACTERS].rstrip()
