"""The sounds that are not speech, under the names that Asterisk's Record and transfers look for."""

from __future__ import annotations

import math
from array import array
from pathlib import Path
from typing import Final

from callcenter.prompts.wav import FULL_SCALE, RATE, write

_AMPLITUDE: Final = 0.18  # of full scale: -18 dBFS RMS, as loud as the speech
_RAMP: Final = RATE // 100  # samples; 10 ms, so that a tone does not click


def tone(frequency: float, seconds: float) -> array[int]:
    count = round(seconds * RATE)
    peak = _AMPLITUDE * FULL_SCALE
    return array(
        "h",
        (
            round(
                peak * min(1.0, n / _RAMP, (count - n) / _RAMP) * math.sin(2 * math.pi * frequency * n / RATE)
            )
            for n in range(count)
        ),
    )


def silence(seconds: float) -> array[int]:
    return array("h", bytes(2 * round(seconds * RATE)))


_HOLD: Final = (392.0, 493.9, 587.3, 493.9, 440.0, 523.3, 659.3, 523.3)  # Hz; two broken chords, up and down
_NOTE_S: Final = 0.75


def hold_music() -> array[int]:
    """Soft plucked notes and a rest, 10 s: who is on hold hears that the line is alive. Composed here, nobody's work."""
    music = array("h")
    for frequency in _HOLD:
        music.extend(round(0.6 * sample * math.exp(-2.5 * n / RATE)) for n, sample in enumerate(tone(frequency, _NOTE_S)))
    return music + silence(4.0)


def write_all(sounds: Path) -> None:
    """Beside the language folders, where Asterisk finds them from any language."""
    write(sounds / "beep.wav", tone(1000.0, 0.4))
    write(sounds / "beeperr.wav", tone(440.0, 0.2) + silence(0.1) + tone(440.0, 0.2))
    write(sounds / "silence" / "1.wav", silence(1.0))
    write(sounds / "hold" / "hold.wav", hold_music())
