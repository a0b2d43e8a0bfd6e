"""A message that a caller leaves is the call's sound: behind what was talked before, if anything was."""

from __future__ import annotations

import os
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HEADER: Final = 44                   # a WAV file without a sample, as Asterisk writes it
FRAMES_A_SECOND: Final = 8_000       # MixMonitor's and Record's: 16 bit, mono
_AT_ONCE: Final = 1024 * 1024
_BETWEEN: Final = bytes(FRAMES_A_SECOND)        # half a second without a sound


def join(target: Path, parts: Sequence[Path]) -> None:
    """One WAV file from these, one after the other: whole, on the disk, or not there. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f"{target.name}.part")
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with wave.open(file, "wb") as made:
            made.setparams((1, 2, FRAMES_A_SECOND, 0, "NONE", "NONE"))
            for place, part in enumerate(parts):
                if place:
                    made.writeframesraw(_BETWEEN)
                with part.open("rb") as sound:
                    sound.seek(HEADER)       # not by its header, which a crash leaves unfinished
                    while frames := sound.read(_AT_ONCE):
                        made.writeframesraw(frames)
        file.flush()
        os.fsync(file.fileno())
    making.replace(target)
