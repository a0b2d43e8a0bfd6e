"""A drill is stopped by the command line (H12): in Asterisk's own database and by its console, with every Python process dead."""

from __future__ import annotations

import re
from typing import Final

from callcenter.drills import CONTEXT, DRILL_KEY, STOPPED
from callcenter.runtime.announce import FAMILY, put
from callcenter.runtime.asterisk import find_asterisk
from callcenter.settings import Settings

_VALUE: Final = re.compile(r"^Value: (\d+)\|", re.MULTILINE)
_CHANNEL: Final = re.compile(rf"^(Local/s@{CONTEXT}-[0-9a-f]+;1)!", re.MULTILINE)


def stop_by_hand(settings: Settings) -> int:
    """How many of its calls were on the line. Raises Unavailable, NoAsterisk or OSError when Asterisk does not answer."""
    asterisk = find_asterisk()
    found = _VALUE.search(asterisk.console(settings, f"database get {FAMILY} {DRILL_KEY}"))
    if found is not None:
        put(settings, DRILL_KEY, f"{found[1]}|{STOPPED}")
    channels = _CHANNEL.findall(asterisk.console(settings, "core show channels concise"))
    for channel in channels:
        asterisk.console(settings, f"channel request hangup {channel}")
    return len(channels)
