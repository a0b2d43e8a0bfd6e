"""What a phone plays and hears: mono, 16 bit, 8,000 samples a second, as G.711 carries it."""

from __future__ import annotations

import math
import random
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Self

RATE = 8_000
_WIDTH = 2
_FULL_SCALE = 32_767


@dataclass(frozen=True)
class Sound:
    """Samples in native byte order."""

    samples: array[int]

    @classmethod
    def from_bytes(cls, pcm: bytes) -> Self:
        samples = array("h")
        samples.frombytes(pcm[:len(pcm) // _WIDTH * _WIDTH])
        return cls(samples)

    def to_bytes(self) -> bytes:
        return self.samples.tobytes()

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    def part(self, start_s: float, end_s: float | None = None) -> Sound:
        """A negative start counts from the end."""
        first = round(start_s * RATE)
        last = None if end_s is None else round(end_s * RATE)
        return Sound(self.samples[first:last])

    def __add__(self, other: Sound) -> Sound:
        return Sound(self.samples + other.samples)

    def repeated(self, seconds: float) -> Sound:
        """Played over and over until `seconds` are full."""
        wanted = round(seconds * RATE)
        times = math.ceil(wanted / max(len(self.samples), 1))
        return Sound((self.samples * times)[:wanted])


def silence(seconds: float) -> Sound:
    return Sound(array("h", bytes(_WIDTH * round(seconds * RATE))))


def tone(hz: float, seconds: float, level: float = 0.3) -> Sound:
    """A sine; `level` is the share of full scale."""
    step = 2 * math.pi * hz / RATE
    peak = level * _FULL_SCALE
    return Sound(array("h", (round(peak * math.sin(step * n)) for n in range(round(seconds * RATE)))))


def babble(seconds: float, rng: random.Random, level: float = 0.25) -> Sound:
    """Noise with the pitch, the syllables and the pauses of speech, for phones that have no recorded words to play."""
    out = array("h")
    wanted = round(seconds * RATE)
    smooth = 0.0
    while len(out) < wanted:
        pitch, length = rng.uniform(110, 230), rng.uniform(0.12, 0.28)
        count = round(length * RATE)
        for n in range(count):
            swell = math.sin(math.pi * n / count)
            voice = (pitch * n / RATE) % 1.0 * 2 - 1  # a sawtooth: all harmonics, like vocal folds
            smooth += 0.35 * (0.8 * voice + 0.2 * rng.uniform(-1, 1) - smooth)
            out.append(round(level * _FULL_SCALE * swell * smooth))
        pause = rng.uniform(0.25, 0.6) if rng.random() < 0.15 else rng.uniform(0.02, 0.08)
        out.extend(array("h", bytes(_WIDTH * round(pause * RATE))))
    return Sound(out[:wanted])


def read_wav(path: Path) -> Sound:
    """Any whole multiple or fraction of 8 kHz, mono or stereo (channels are mixed). Raises wave.Error, ValueError, OSError."""
    channels, rate, samples = _read(path)
    if channels > 1:
        count = len(samples) // channels
        samples = array("h", (sum(samples[n * channels:(n + 1) * channels]) // channels for n in range(count)))
    return Sound(samples if rate == RATE else _resampled(samples, rate))


def read_channels(path: Path) -> list[Sound]:
    """Each channel by itself: a stereo recording's two voices."""
    channels, rate, samples = _read(path)
    split = [samples[n::channels] for n in range(channels)]
    return [Sound(one if rate == RATE else _resampled(one, rate)) for one in split]


def write_wav(path: Path, sound: Sound) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_WIDTH)
        file.setframerate(RATE)
        file.writeframes(sound.to_bytes())


def _read(path: Path) -> tuple[int, int, array[int]]:
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != _WIDTH:
            raise ValueError(f"{path}: samples are not 16 bit")
        samples = array("h")
        samples.frombytes(file.readframes(file.getnframes()))
        return file.getnchannels(), file.getframerate(), samples


def _resampled(samples: array[int], rate: int) -> array[int]:
    """Averages over each new sample's span going down, holds going up: enough for speech that G.711 narrows anyway."""
    step = rate / RATE
    count = int(len(samples) / step)
    if step <= 1:
        return array("h", (samples[int(n * step)] for n in range(count)))
    out = array("h")
    for n in range(count):
        span = samples[int(n * step):max(int((n + 1) * step), int(n * step) + 1)]
        out.append(sum(span) // len(span))
    return out
