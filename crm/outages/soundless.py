"""Whether what is being talked is being recorded (A8): calls that have talked for a while and have no file. Pure but for `size`.

Told from the end of Asterisk's own queue_log, so that it holds while every Python process is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from crm.outages.ladder import Look, Seen

TALKED_S: Final = 30          # by then the file is there and longer than its head
HEAD: Final = 44              # bytes of a WAV without a sound in it
_OVER: Final = frozenset({"COMPLETECALLER", "COMPLETEAGENT", "ENDED", "TRANSFERRED", "BLINDTRANSFER", "ATTENDEDTRANSFER",
                               "RESCUED"})


def recordings(lines: Iterable[str], size: Callable[[str], int], now: datetime) -> Seen:
    """`size` of a recording below its folder, in bytes; 0 when it is not there."""
    files: dict[str, str] = {}
    talking: dict[str, float] = {}
    for line in lines:
        parts = line.rstrip("\n").split("|")
        if len(parts) < 5 or not parts[0].isdecimal():
            continue
        call, event = parts[1], parts[4]
        if event == "QUEUESTART":
            talking.clear()
        elif event == "RECORDING" and len(parts) > 5:
            files[call] = parts[5]
        elif event == "CONNECT":
            talking[call] = float(parts[0])
        elif event in _OVER:
            talking.pop(call, None)
    long_enough = [files[call] for call, since in talking.items() if call in files and now.timestamp() - since >= TALKED_S]
    lacking = [file for file in long_enough if size(file) <= HEAD]
    return Seen(Look.DOWN if lacking else Look.OK, f"without_sound={len(lacking)}" if lacking else "")
