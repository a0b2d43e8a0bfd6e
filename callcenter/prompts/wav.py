"""Reads and measures WAV files with the standard library alone: `check` runs where no voice is."""

from __future__ import annotations

import math
import sys
import wave
from array import array
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from pathlib import Path
from typing import Final

RATE: Final = 8_000  # Hz; what a telephone carries and Asterisk plays without transcoding
FULL_SCALE: Final = 32_768
FRAME: Final = RATE // 100  # samples; 10 ms
SPEECH_BELOW_PEAK: Final = (
    30.0  # dB; a frame this much weaker than the loudest counts as a pause, not as speech
)


class WrongFormatError(Exception):
    """The file is not 8 kHz mono 16-bit PCM WAV."""


def read(path: Path) -> array[int]:
    try:
        with wave.open(str(path)) as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            if shape != (RATE, 1, 2):
                raise WrongFormatError(f"{shape[0]} Hz, {shape[1]} channels, {8 * shape[2]} bit")
            samples = array("h", file.readframes(file.getnframes()))
    except (wave.Error, EOFError) as error:
        raise WrongFormatError(str(error)) from error
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def write(path: Path, samples: array[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setframerate(RATE)
        file.setnchannels(1)
        file.setsampwidth(2)
        if sys.byteorder == "big":
            samples = array("h", samples)
            samples.byteswap()
        file.writeframes(samples.tobytes())


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one prompt; times in seconds, levels in dBFS. `voiced` is the share of the time that is speech."""

    seconds: float
    head: float  # silence before the first speech
    tail: float
    speech_level: float  # RMS over the speech frames only, so that pauses do not count
    peak: float
    voiced: float
    crossings: float  # of zero, per second of speech: tells speech from hum and from a tone
    level_spread: float  # dB between loud and weak speech frames: a tone or noise has next to none


def measure(samples: array[int]) -> Measured:
    powers = frame_powers(samples)
    loudest = max(powers, default=0.0)
    peak = max((abs(sample) for sample in samples), default=0)
    if not loudest:
        return Measured(len(samples) / RATE, len(samples) / RATE, 0.0, -math.inf, -math.inf, 0.0, 0.0, 0.0)
    threshold = loudest * 10 ** (-SPEECH_BELOW_PEAK / 10)
    speech = [index for index, power in enumerate(powers) if power >= threshold]
    spoken = sorted(powers[index] for index in speech)
    crossings = sum(
        (a < 0) != (b < 0)
        for index in speech
        for a, b in pairwise(samples[index * FRAME : (index + 1) * FRAME])
    )
    return Measured(
        seconds=len(samples) / RATE,
        head=speech[0] * FRAME / RATE,
        tail=len(samples) / RATE - (speech[-1] + 1) * FRAME / RATE,
        speech_level=decibels(sum(spoken) / len(spoken)),
        peak=20 * math.log10(peak / FULL_SCALE),
        voiced=len(speech) / len(powers),
        crossings=crossings / (len(speech) * FRAME / RATE),
        level_spread=decibels(spoken[len(spoken) * 9 // 10]) - decibels(spoken[len(spoken) // 10]),
    )


def frame_powers(samples: array[int]) -> list[float]:
    """Mean square of each full 10 ms, 1.0 being a full-scale square wave."""
    frames = (samples[start : start + FRAME] for start in range(0, len(samples) - FRAME + 1, FRAME))
    return [sum(map(mul, frame, frame)) / FRAME / FULL_SCALE**2 for frame in frames]


def decibels(power: float) -> float:
    return 10 * math.log10(power) if power > 0 else -math.inf
