"""The line's switch (C7) by the command line: read and written in Asterisk's own database, with every Python process dead."""

from __future__ import annotations

import re
from typing import Final

from callcenter.clock import Clock
from callcenter.errors import NotFound
from callcenter.line import ANNOUNCEMENT, AS_ALWAYS, LINE_KEY, SWITCHED, LineState, line_state, line_value
from callcenter.runtime.announce import FAMILY, put
from callcenter.runtime.asterisk import NoAsterisk, find_asterisk
from callcenter.runtime.probes import client
from callcenter.settings import Settings
from callcenter.site import Site

BY: Final = "console"
_VALUE: Final = re.compile(r"^Value: (.*)$", re.MULTILINE)


def switch(settings: Settings, site: Site, to: str, clock: Clock) -> LineState:
    """For new calls, from now on. Raises NotFound for a number that the site file does not name, Unavailable or OSError when
    Asterisk does not answer."""
    numbers = site.posture.evacuation.numbers
    if to not in (AS_ALWAYS, ANNOUNCEMENT, *numbers):
        raise NotFound(f"{to}: neither `{ANNOUNCEMENT}` nor a number of posture.evacuation: {', '.join(numbers)}")
    value = line_value(to, clock.now(), BY)
    put(settings, SWITCHED, value)
    return line_state(value)


def line_of(settings: Settings) -> LineState:
    """As Asterisk has it; of one that runs elsewhere, as acd last told Redis. Raises Unavailable, RedisError or OSError."""
    try:
        said = find_asterisk().console(settings, f"database get {FAMILY} {SWITCHED}")
    except NoAsterisk:
        return line_state((client(settings).get(LINE_KEY) or b"").decode())
    found = _VALUE.search(said)
    return line_state(found[1].strip() if found else "")
