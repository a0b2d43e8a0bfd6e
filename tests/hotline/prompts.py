"""Sounds for tests: every prompt that the templates name, a second of its own murmur: no test waits for a sentence.

They are recognised as the spoken ones are, by their waveform; tests of the spoken ones use the committed files.
"""

from __future__ import annotations

import math
import random
import re
import shutil
from array import array
from pathlib import Path

from callcenter.phones.sound import RATE, Sound, write_wav
from callcenter.render.configuration import SOUNDS, TEMPLATES

LANGUAGES = ("zh", "en")
SECONDS = 1.2
_NAMED = re.compile(r"(?:Playback|Background|Read|SayDigits)\(([^)]*)\)")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)+|goodbye|survey|connecting|welcome")
_OF_SITES = ("welcome", "menu-main", "menu-repair", "recording-notice", "welcome-night", "for-english",
             "callin-ask", "callin-accepted", "callin-declined", "callin-ask-mobile", "callin-mobile", "callin-not-needed",
             "broadcast-hello", "broadcast-flooding", "broadcast-confirm")


def prompt_names() -> set[str]:
    names = set(_OF_SITES)
    for template in TEMPLATES.rglob("*.j2"):
        for arguments in _NAMED.findall(template.read_text()):
            names |= set(_WORD.findall(arguments))
    return names


def made_prompt(language: str, name: str) -> Sound:
    return murmur(SECONDS, random.Random(f"{language}/{name}"))


def murmur(seconds: float, rng: random.Random) -> Sound:
    """Low noise, swelling like words: no two are alike anywhere."""
    samples, smooth = array("h"), 0.0
    for place in range(round(seconds * RATE)):
        smooth += 0.2 * (rng.uniform(-1, 1) - smooth)
        swell = 0.4 + 0.6 * abs(math.sin(math.pi * place / (RATE / 4)))
        samples.append(round(28_000 * swell * smooth))
    return Sound(samples)


def make_prompts(folder: Path) -> None:
    for name in ("beep.wav", "beeperr.wav", "silence/1.wav", "hold/hold.wav"):    # where the committed ones are: below no language
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOUNDS / name, path)
    for language in LANGUAGES:
        for name in sorted(prompt_names()):
            path = folder / language / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, made_prompt(language, name))
        for piece in (*(f"digits/{digit}" for digit in range(10)), "queue-youarenext", "queue-thereare",
                      "queue-callswaiting", "queue-thankyou"):
            path = folder / language / f"{piece}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, murmur(0.4, random.Random(f"{language}/{piece}")))
