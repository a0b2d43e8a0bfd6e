"""Answers "what was heard?" without speech recognition: tones, loudness, and whether a known prompt was played.

Plain Python on purpose: the phones must not need numpy. Ten seconds of sound take about a tenth of a second.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from itertools import accumulate
from operator import mul

from callcenter.phones.sound import RATE, Sound, silence

LIKENESS_S = 3.0
LIKE = 0.7               # from here on it is the same prompt

_FRAME = 160           # 20 ms
_FLOOR = 40.0          # below this root mean square a frame is silence, G.711's noise included
_THIN = 8              # samples that become one: 1,000 a second are enough for a waveform below 500 Hz
_PHASES = (0, 4)       # the samples of a file that follows another begin anywhere in a packet
_PIECE = 250           # places, as all below: a quarter of a second
_PACKET = 20           # a line loses or repeats whole packets
_DRIFT = 3 * _PACKET   # within a prompt
_DRIFTS = range(-_DRIFT, _DRIFT + 1, _PACKET)
_WORTH_A_LOOK = 0.6
_QUIET = (_FLOOR * _THIN) ** 2 / 4


def loudness(sound: Sound) -> float:
    """Root mean square; 0 for nothing."""
    samples = sound.samples
    return math.sqrt(sum(s * s for s in samples) / len(samples)) if samples else 0.0


def tone_share(sound: Sound, hz: float) -> float:
    """The share of the sound's power that is at `hz` (Goertzel), 0 to 1. Of half-second blocks the best."""
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


class Prompt:
    """A sound to be recognised. Its end may be missing (a key interrupts it, the line closes): its first three quarters
    decide, at most LIKENESS_S. They are cut into pieces, as a line may lose a packet between two of them."""

    def __init__(self, sound: Sound) -> None:
        decisive = _trimmed(sound).part(0, min(LIKENESS_S, sound.seconds * 0.75))
        self.seconds = decisive.seconds
        places = [_thinned(decisive.samples[phase:]) for phase in _PHASES]
        length = min(_PIECE, *map(len, places))
        cuts = [_cut(line, length) for line in places]
        loudest = max(map(_power, cuts[0]), default=0.0)
        self.pieces = [_Piece(number * length, length, [_normal(part) for part in parts])
                       for number, parts in enumerate(zip(*cuts, strict=False))
                       if _power(parts[0]) > loudest / 30]      # a pause is like any other pause


@dataclass(frozen=True)
class _Piece:
    at: int
    length: int
    shapes: list[list[float]]    # one for each phase


class Ear:
    """All that one phone heard, prepared as it comes: to be asked again and again while a call goes on."""

    def __init__(self) -> None:
        self.samples = 0
        self._left = array("h")
        self._thin: list[float] = []
        self._squares = [0.0]        # their sum before each place

    @property
    def seconds(self) -> float:
        return self.samples / RATE

    @property
    def places(self) -> int:
        return len(self._thin)

    def hear(self, samples: array[int]) -> None:
        self.samples += len(samples)
        self._left.extend(samples)
        new = _thinned(self._left)
        del self._left[:len(new) * _THIN]
        self._thin += new
        self._squares += list(accumulate(map(mul, new, new), initial=self._squares[-1]))[1:]

    def match(self, prompt: Prompt, after_s: float = 0.0) -> Match:
        """The best place that begins not before `after_s`."""
        return Search(self, prompt, after_s).best

    def likeness(self, piece: _Piece, place: int) -> float:
        """The correlation of the waveforms there; 0 where nothing was heard."""
        end = place + piece.length
        if place < 0 or end > len(self._thin):
            return 0.0
        power = self._squares[end] - self._squares[place]
        if power < _QUIET * piece.length:
            return 0.0
        there = self._thin[place:end]
        return max(_product(shape, there) for shape in piece.shapes) / math.sqrt(power)


class Search:
    """Looks for a prompt in what an ear hears, on from where it last stopped."""

    def __init__(self, ear: Ear, prompt: Prompt, after_s: float = 0.0) -> None:
        self._ear, self._prompt = ear, prompt
        # A call's first sound may have been missed: there a prompt may have begun before anything was heard.
        self._place = round(after_s * RATE) // _THIN if after_s else -_PIECE
        self._best = Match(0.0, after_s)

    @property
    def best(self) -> Match:
        pieces = self._prompt.pieces
        while pieces and self._place + pieces[-1].at + pieces[-1].length + _DRIFT <= self._ear.places:
            # Two pieces are looked for everywhere: the line may have swallowed one.
            if any(self._ear.likeness(piece, self._place + piece.at) > _WORTH_A_LOOK for piece in pieces[:2]):
                self._look_closely(pieces)
            self._place += 1
        return self._best

    def _look_closely(self, pieces: list[_Piece]) -> None:
        """A place is as good as its pieces, the worst third left out."""
        scores = sorted((max(self._ear.likeness(piece, self._place + piece.at + drift) for drift in _DRIFTS)
                         for piece in pieces), reverse=True)
        score = scores[math.ceil(len(scores) * 2 / 3) - 1]
        if score > self._best.score:
            self._best = Match(score, self._place * _THIN / RATE)


def best_match(heard: Sound, prompt: Prompt) -> Match:
    """The place where `prompt` fits best, by the correlation of the waveforms below 500 Hz: G.711 and loudness do not
    matter to it, and no two prompts are alike in it."""
    ear = Ear()
    ear.hear((heard + silence(_DRIFT * _THIN / RATE)).samples)
    return ear.match(prompt)


def _thinned(samples: array[int]) -> list[float]:
    """Every eighth sample, after the mean of eight."""
    whole = len(samples) // _THIN * _THIN
    return [float(sum(samples[start:start + _THIN])) for start in range(0, whole, _THIN)]


def _cut(values: list[float], length: int) -> list[list[float]]:
    return [values[start:start + length] for start in range(0, len(values) - length + 1, length)] if length else []


def _power(values: list[float]) -> float:
    return _product(values, values)


def _product(one: list[float], two: list[float]) -> float:
    total: float = sum(map(mul, one, two))
    return total


def _normal(values: list[float]) -> list[float]:
    size = math.sqrt(_power(values)) or 1.0
    return [value / size for value in values]


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
