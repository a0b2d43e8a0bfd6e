"""Who calls? The `lookup` script: caller's number in, SIXRING_CALLER out, in one command (A7)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from agi.channel import Channel
from callcenter.errors import Unavailable
from crm.households.schemas import Found

VARIABLE: Final = "SIXRING_CALLER"
UNKNOWN: Final = "||0|"
DISPLAY_CHARACTERS: Final = 40
LANGUAGES: Final = frozenset({"zh", "en"})
DEFAULT_PRIORITY: Final = 0      # no rule raises one caller above another; queues have priorities, people have none

# What may not be shown: all but letters and digits of the Basic Multilingual Plane, space, "-" and ".".
_HIDDEN: Final = re.compile(r"[^\w .-]|[_\U00010000-\U0010ffff]")
_LONGEST_READ: Final = 400

FindCaller = Callable[[str], Found | None]


class Lookup:
    """The handler of the script. `find` raises Unavailable without a database; the caller is then unknown."""

    def __init__(self, find: FindCaller) -> None:
        self._find = find

    def __call__(self, channel: Channel) -> None:
        try:
            found = self._find(channel.environment.get("agi_callerid"))
        except Unavailable:  # counted and logged where it was raised; the caller must not wait for it
            found = None
        channel.leave_with(VARIABLE, caller_value(found))


def caller_value(found: Found | None) -> str:
    """`<household id>|<language>|<priority>|<display>` as docs/contracts.md says."""
    if found is None:
        return UNKNOWN
    language = found.language if found.language in LANGUAGES else ""
    display = display_text(found.name, found.room, *found.tags)
    return f"{int(found.household_id)}|{language}|{DEFAULT_PRIORITY}|{display}"


def display_text(*parts: str) -> str:
    """What a ringing phone shows, in order of importance. A part that does not fit is cut; nothing in it can mean
    anything to Asterisk: full-width forms become plain ones, everything but letters, digits, space, "-" and "." becomes a space."""
    text = " ".join(part[:_LONGEST_READ] for part in parts)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_HIDDEN.sub(" ", text).split())[:DISPLAY_CHARACTERS].rstrip()
