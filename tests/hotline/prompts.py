"""Sounds for tests: every prompt that the templates name, a second of its own babble, so that no test waits for a sentence.

They are told apart by ear as the spoken ones are; tests of the spoken ones use the committed files.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

from callcenter.phones.sound import Sound, babble, silence, tone, write_wav
from callcenter.render.configuration import TEMPLATES

LANGUAGES = ("zh", "en")
SECONDS = 1.2
_NAMED = re.compile(r"(?:Playback|Background|Read|SayDigits)\(([^)]*)\)")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)+|goodbye|survey|connecting|welcome")
_OF_SITES = ("welcome", "menu-main", "menu-repair", "recording-notice", "welcome-night", "for-english")


def prompt_names() -> set[str]:
    names = set(_OF_SITES)
    for template in TEMPLATES.rglob("*.j2"):
        for arguments in _NAMED.findall(template.read_text()):
            names |= set(_WORD.findall(arguments))
    return names


def made_prompt(language: str, name: str) -> Sound:
    return babble(SECONDS, random.Random(f"{language}/{name}"), level=0.5)


def make_prompts(folder: Path) -> None:
    hold = folder / "tones/hold.wav"
    hold.parent.mkdir(parents=True, exist_ok=True)
    write_wav(hold, tone(450, 1.0) + silence(4.0))
    for language in LANGUAGES:
        for name in sorted(prompt_names()):
            path = folder / language / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, made_prompt(language, name))
        for piece in (*(f"digits/{digit}" for digit in range(10)), "queue-youarenext", "queue-thereare",
                      "queue-callswaiting", "queue-thankyou", "beep"):
            path = folder / language / f"{piece}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, babble(0.4, random.Random(f"{language}/{piece}"), level=0.5))
