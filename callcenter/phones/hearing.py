"""Answers "what was heard?" without speech recognition: tones, loudness, and whether a known prompt was played.

Plain Python on purpose: the phones must not need numpy. Ten seconds of sound take about a tenth of a second.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from callcenter.phones.sound import RATE, Sound

LIKENESS_S = 3.0

_FRAME = 160           # 20 ms
_BANDS = (250.0, 450.0, 700.0, 1000.0, 1450.0, 2100.0)  # Hz; where telephone speech differs
_FLOOR = 40.0          # below this root mean square a frame is silence, G.711's noise included


def loudness(sound: Sound) -> float:
    """Root mean square; 0 for nothing."""
    samples = sound.samples
    return math.sqrt(sum(s * s for s in samples) / len(samples)) if samples else 0.0


def tone_share(sound: Sound, hz: float) -> float:
    """The share of the sound's power that is at `hz` (Goertzel), 0 to 1; 0 for silence. Half-second blocks, the best counts."""
    block = RATE // 2
    samples = sound.samples
    return max((_share(samples[start:start + block], hz)
                for start in range(0, max(len(samples) - block, 0) + 1, block // 2)), default=0.0)


def has_tone(sound: Sound, hz: float, *, at_least: float = 0.2) -> bool:
    """At least half a second of the tone, even under another voice."""
    return sound.seconds >= 0.5 and tone_share(sound, hz) >= at_least


def speech_seconds(sound: Sound, *, threshold: float = 200.0) -> float:
    """Seconds that are louder than a quiet line: speech, music or tones."""
    return sum(1 for frame in _frames(sound.samples) if _rms(frame) > threshold) * _FRAME / RATE


def is_silent(sound: Sound, *, threshold: float = 200.0) -> bool:
    return speech_seconds(sound, threshold=threshold) < 0.1


@dataclass(frozen=True)
class Match:
    """Where in the heard sound a prompt begins, and how like it the sound there is (1 is the same)."""

    score: float
    at_s: float


def best_match(heard: Sound, prompt: Sound) -> Match:
    """The place where `prompt` fits best: correlation of six bands' loudness over time, so that G.711, level and a
    shift within a frame do not matter. Different prompts of one voice score below 0.6, the same one above 0.85.

    The end of a prompt may be missing (a key interrupts it, the line closes): its first three quarters decide, at most
    LIKENESS_S.
    """
    wanted = _features(_trimmed(prompt).part(0, min(LIKENESS_S, prompt.seconds * 0.75)).samples)
    there = _features(heard.samples)
    width, size = len(wanted), len(_BANDS)
    if width < 10 or len(there) < width:
        return Match(0.0, 0.0)
    template, power = _centred([value for frame in wanted for value in frame])
    best = Match(0.0, 0.0)
    flat = [value for frame in there for value in frame]
    for start in range(len(there) - width + 1):
        score = _correlation(template, power, flat[start * size:(start + width) * size])
        if score > best.score:
            best = Match(score, start * _FRAME / RATE)
    return best


def heard_prompt(heard: Sound, prompt: Sound, *, at_least: float = 0.75) -> bool:
    return best_match(heard, prompt).score >= at_least


def _share(samples: array[int], hz: float) -> float:
    power = sum(s * s for s in samples)
    if not samples or power < _FLOOR * _FLOOR * len(samples):
        return 0.0
    return min(2 * _goertzel(samples, hz) / (power * len(samples)), 1.0)


def _goertzel(samples: array[int], hz: float) -> float:
    """The squared magnitude of the spectrum at `hz`."""
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    one = two = 0.0
    for sample in samples:
        one, two = sample + turn * one - two, one
    return one * one + two * two - turn * one * two


def _frames(samples: array[int]) -> list[array[int]]:
    return [samples[start:start + _FRAME] for start in range(0, len(samples) - _FRAME + 1, _FRAME)]


def _rms(frame: array[int]) -> float:
    return math.sqrt(sum(s * s for s in frame) / len(frame))


def _trimmed(sound: Sound) -> Sound:
    """Without the silence at its beginning."""
    for index, frame in enumerate(_frames(sound.samples)):
        if _rms(frame) > 4 * _FLOOR:
            return Sound(sound.samples[index * _FRAME:])
    return sound


def _features(samples: array[int]) -> list[tuple[float, ...]]:
    """The loudness of each band in each frame, compressed as ears do. Frames are 20 ms apart and 40 ms long: the overlap
    makes a shift of half a frame harmless."""
    out = []
    for start in range(0, len(samples) - 2 * _FRAME + 1, _FRAME):
        window = samples[start:start + 2 * _FRAME]
        if max(window) - min(window) < _FLOOR:
            out.append((0.0,) * len(_BANDS))
        else:
            out.append(tuple(math.log1p(_goertzel(window, hz) / (_FLOOR * _FLOOR * _FRAME)) for hz in _BANDS))
    return out


def _centred(values: list[float]) -> tuple[list[float], float]:
    mean = sum(values) / len(values)
    centred = [value - mean for value in values]
    return centred, math.sqrt(sum(map(_square, centred)))


def _square(value: float) -> float:
    return value * value


def _correlation(template: list[float], power: float, values: list[float]) -> float:
    centred, own = _centred(values)
    if own < 1e-6 or power < 1e-6:
        return 0.0
    return sum(map(_product, template, centred)) / (power * own)


def _product(one: float, two: float) -> float:
    return one * two
