"""What the demo's people say: the committed prompts' voice when there is one, else noise with the rhythm of speech."""

from __future__ import annotations

import random
import wave
from pathlib import Path

from callcenter.phones.sound import Sound, babble, read_wav, silence

_LONGEST_S = 12.0
_SHORTEST_S = 2.0
_AT_MOST = 8


def voices(folder: Path, rng: random.Random) -> list[Sound]:
    """A few stretches of speech with pauses; never empty."""
    spoken = [*_spoken(folder)]
    if not spoken:
        return [babble(10.0, rng) + silence(1.0) for _ in range(3)]
    rng.shuffle(spoken)
    return [sound + silence(rng.uniform(0.8, 2.0)) for sound in spoken[:_AT_MOST]]


def _spoken(folder: Path) -> list[Sound]:
    found = []
    for path in sorted(folder.glob("zh/*.wav")):
        try:
            sound = read_wav(path)
        except (wave.Error, ValueError, EOFError):
            continue  # half-written by a rendering that is under way
        if _SHORTEST_S <= sound.seconds <= _LONGEST_S:
            found.append(sound)
    return found
