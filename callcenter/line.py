"""Where new callers go (C7): as always, to the emergency announcement, or to an outside number that the site file names.

Asterisk's own database has it (family `sixring`, key `switched`), for a phone or the command line may write it with every
Python process dead. The value is `<to>|<epoch>|<by>`; acd tells Redis what it finds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

SWITCHED: Final = "switched"             # astdb, family `sixring`
LINE_KEY: Final = "sixring:line"         # Redis: the same value, as acd last saw it
ANNOUNCEMENT: Final = "announcement"
AS_ALWAYS: Final = ""
NUMBER: Final = "number"                 # what is said of a number to who may not switch: it is a mobile of staff
_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class LineState:
    """`since` None: it was never switched, or by hand in a way that says nothing of it."""

    to: str = AS_ALWAYS
    since: datetime | None = None
    by: str = ""                         # a user, `phone` and its seat, `console`


@dataclass(frozen=True)
class LineSwitch:
    """What everybody at the board may know, walls too. `to`: "" as always, `announcement` or `number`."""

    to: str = AS_ALWAYS
    since: datetime | None = None
    by: str = ""


def line_value(to: str, at: datetime, by: str) -> str:
    return f"{to}|{int(at.timestamp())}|{_NAME.sub('', by)[:40]}"


def line_state(value: str) -> LineState:
    """Of whatever stands there: a hand may have written it."""
    to, since, by = (*value.split("|"), "", "")[:3]
    at = datetime.fromtimestamp(int(since), UTC) if since.isascii() and since.isdigit() and len(since) <= 10 else None
    return LineState(to, at, by)


def switch_shown(state: LineState) -> LineSwitch:
    """Whatever a hand wrote that is no number is the announcement, as the dialplan takes it."""
    to = NUMBER if any(sign.isdigit() for sign in state.to) else ANNOUNCEMENT if state.to else AS_ALWAYS
    return LineSwitch(to, state.since, state.by)
