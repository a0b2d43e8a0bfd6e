"""From the voice's samples to what a telephone plays: 8 kHz, trimmed, one level for every prompt."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from callcenter.prompts.wav import FRAME, FULL_SCALE, RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.float32]

VOICE_RATE: Final = 24_000
LEVEL: Final = -18.0  # dBFS RMS of the speech: about what a far-end talker has on the PSTN
_KNEE: Final = 0.7  # of full scale; peaks above are rounded off: a lively voice this loud would clip
_CEILING: Final = 0.95
_SPEECH_BELOW_PEAK: Final = 30.0  # dB, as in wav.measure
_EDGE_BELOW_PEAK: Final = 42.0  # dB; words start and end with consonants that are weaker than speech
_EDGE_MOST: Final = (
    6  # frames; the weak sound before a word counts as its consonant for so long, then as breath
)
_TAPS: Final = 145  # of the low-pass: flat to 3.4 kHz, 60 dB down at 4 kHz
_CUTOFF: Final = 3_700.0  # Hz
_FADE: Final = RATE // 200  # samples; 5 ms, so that no cut clicks


@dataclass(frozen=True, slots=True)
class Margins:
    """Silence kept around the speech, in seconds."""

    head: float
    tail: float


SENTENCE: Final = Margins(0.06, 0.12)
PART: Final = Margins(0.02, 0.05)  # parts are played back to back; longer gaps make a number limp


def for_telephone(samples: Samples, margins: Margins) -> array[int]:
    import numpy as np

    spoken = levelled(trimmed(to_8k(samples), margins))
    return array("h", np.round(spoken * (FULL_SCALE - 1)).astype(np.int16).tobytes())


def to_8k(samples: Samples) -> Samples:
    """Every third sample after a windowed-sinc low-pass; delay removed."""
    import numpy as np

    position = np.arange(_TAPS) - (_TAPS - 1) / 2
    cutoff = 2 * _CUTOFF / VOICE_RATE
    taps = cutoff * np.sinc(cutoff * position) * np.blackman(_TAPS)
    filtered = np.convolve(samples, taps / taps.sum(), mode="same")
    return filtered[:: VOICE_RATE // RATE].astype(np.float32)


def trimmed(samples: Samples, margins: Margins) -> Samples:
    import numpy as np

    powers = _frame_powers(samples)
    speech = np.flatnonzero(powers >= powers.max() * 10 ** (-_SPEECH_BELOW_PEAK / 10))
    audible = powers >= powers.max() * 10 ** (-_EDGE_BELOW_PEAK / 10)
    first, last = int(speech[0]), int(speech[-1])
    while first > max(0, int(speech[0]) - _EDGE_MOST) and audible[first - 1]:
        first -= 1
    while last < min(len(powers) - 1, int(speech[-1]) + _EDGE_MOST) and audible[last + 1]:
        last += 1
    start, stop = first * FRAME, (last + 1) * FRAME
    head, tail = round(margins.head * RATE), round(margins.tail * RATE)
    padded = np.concatenate([np.zeros(head), samples, np.zeros(tail)])[start : stop + head + tail].copy()
    fade = np.linspace(0, 1, _FADE)
    padded[:_FADE] *= fade
    padded[-_FADE:] *= fade[::-1]
    return padded.astype(np.float32)


def levelled(samples: Samples) -> Samples:
    """Twice, because rounding off the peaks takes a little of the level that the first pass set."""
    import numpy as np

    for _ in range(2):
        powers = _frame_powers(samples)
        speech = powers[powers >= powers.max() * 10 ** (-_SPEECH_BELOW_PEAK / 10)]
        gain = 10 ** (LEVEL / 20) / math.sqrt(float(speech.mean()))
        scaled = samples * gain
        over = np.abs(scaled) > _KNEE
        room = _CEILING - _KNEE
        rounded = np.sign(scaled) * (_KNEE + room * np.tanh((np.abs(scaled) - _KNEE) / room))
        samples = np.where(over, rounded, scaled).astype(np.float32)
    return samples


def _frame_powers(samples: Samples) -> NDArray[np.float64]:
    import numpy as np

    whole = samples[: len(samples) // FRAME * FRAME].astype(np.float64)
    powers: NDArray[np.float64] = np.square(whole).reshape(-1, FRAME).mean(axis=1)
    return powers
