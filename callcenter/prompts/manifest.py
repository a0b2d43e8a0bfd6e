"""What each committed sound was made from: only what changed is rendered, and nothing is forgotten."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from callcenter.prompts.texts import Prompt, PromptTexts

# Raise it when the same text would now sound otherwise (model, trimming, level): everything is rendered anew.
RECIPE: Final = 1
NAME: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Rendered:
    source: str  # hash of all that decides the sound
    voice: str
    wav: str  # sha256 of the file


def source_hash(prompt: Prompt, texts: PromptTexts) -> str:
    """Only the pronunciations that the text holds count: adding one must not render every prompt anew."""
    spoken = f"{prompt.carrier or ''}{prompt.say}"
    pronounce = {word: sound for word, sound in texts.pronounce.items() if word.lower() in spoken.lower()}
    parts = [
        RECIPE,
        prompt.say,
        prompt.language,
        prompt.voice,
        prompt.carrier,
        prompt.is_part,
        prompt.speed or texts.speed,
        pronounce,
        *([prompt.pause] if prompt.pause is not None else []),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(sounds: Path) -> dict[str, Rendered]:
    """Keys are `zh/welcome`. No file is no error: then everything is still to be rendered."""
    path = sounds / NAME
    if not path.is_file():
        return {}
    return {name: Rendered(**entry) for name, entry in json.loads(path.read_text(encoding="utf-8")).items()}


def write(sounds: Path, entries: dict[str, Rendered]) -> None:
    """One line per sound, sorted: a change of one prompt is a change of one line."""
    lines = [f"{json.dumps(name)}: {json.dumps(asdict(entries[name]))}" for name in sorted(entries)]
    sounds.mkdir(parents=True, exist_ok=True)
    passing = sounds / f".{NAME}"
    passing.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    passing.replace(sounds / NAME)
