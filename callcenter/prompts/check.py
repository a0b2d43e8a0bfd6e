"""Proves, without the voice, that every prompt of the text files has a sound of that text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callcenter.prompts import manifest, wav
from callcenter.prompts.asterisk_parts import REQUIRED, TONES
from callcenter.prompts.render import found, key, path_of
from callcenter.prompts.texts import Prompt, PromptTexts

LEVEL_BOUNDS: Final = (-20.0, -16.0)  # dBFS RMS of the speech
PEAK_MOST: Final = -0.1  # dBFS
# Seconds of sound per Chinese character or English syllable, silence at the ends left out. A sentence holds
# pauses; a part does not, and one syllable said alone is longer than the same in a sentence.
PACE: Final = {
    ("zh", False): (0.13, 0.40),
    ("zh", True): (0.09, 0.45),
    ("en", False): (0.11, 0.50),
    ("en", True): (0.07, 0.60),
}
MARGINS: Final = {
    False: (0.14, 0.20),
    True: (0.10, 0.12),
}  # most silence at head and tail, weak consonants included
VOICED_LEAST: Final = 0.35
CROSSINGS: Final = (250.0, 4500.0)  # per second of speech
SPREAD_LEAST: Final = 6.0  # dB; a steady tone or noise has less than 3
_VOWELS: Final = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is for programs, `detail` the figure that broke the bound."""

    name: str
    code: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.code}{f' ({self.detail})' if self.detail else ''}"


def check(texts: dict[str, PromptTexts], sounds: Path) -> list[Finding]:
    made = manifest.read(sounds)
    findings = [
        Finding(name, "tone-missing") for name in sorted(TONES) if not (sounds / f"{name}.wav").is_file()
    ]
    for language, file in texts.items():
        wanted = {key(language, prompt_id) for prompt_id in file.prompts}
        findings += [
            Finding(key(language, part), "not-in-texts", "Asterisk looks for it")
            for part in sorted(REQUIRED[language] - file.prompts.keys())
        ]
        findings += [Finding(name, "orphan") for name in found(sounds, language) if name not in wanted]
        findings += [
            Finding(name, "orphan", "in the manifest")
            for name in sorted(made)
            if name.startswith(f"{language}/") and name not in wanted
        ]
        for prompt in file.prompts.values():
            findings += check_one(file, prompt, sounds, made.get(key(language, prompt.id)))
    return findings


def check_one(
    texts: PromptTexts, prompt: Prompt, sounds: Path, made: manifest.Rendered | None
) -> list[Finding]:
    name, path = key(texts.language, prompt.id), path_of(sounds, texts.language, prompt.id)
    if not path.is_file():
        return [Finding(name, "no-sound")]
    try:
        measured = wav.measure(wav.read(path))
    except wav.WrongFormatError as error:
        return [Finding(name, "wrong-format", str(error))]
    findings = []
    if made is None or made.source != manifest.source_hash(prompt, texts):
        findings.append(Finding(name, "not-rendered-from-this-text"))
    if made is not None and made.wav != manifest.file_hash(path):
        findings.append(Finding(name, "not-the-rendered-file"))
    return findings + [Finding(name, code, detail) for code, detail in faults(measured, prompt)]


def faults(measured: wav.Measured, prompt: Prompt) -> list[tuple[str, str]]:
    """The bounds that a sound breaks; wide enough for any good render."""
    if measured.peak == float("-inf"):
        return [("silent", "")]
    pace = (measured.seconds - measured.head - measured.tail) / max(
        1, syllables(prompt.text, prompt.language)
    )
    slow, fast = PACE[prompt.language, prompt.is_part][::-1]
    head, tail = MARGINS[prompt.is_part]
    level, crossings, spread = measured.speech_level, measured.crossings, measured.level_spread
    rules = (
        ("too-short-for-its-text", pace >= fast, f"{pace:.3f} s a syllable"),
        ("too-long-for-its-text", pace <= slow, f"{pace:.3f} s a syllable"),
        ("level", LEVEL_BOUNDS[0] <= level <= LEVEL_BOUNDS[1], f"{level:.1f} dBFS"),
        ("clipped", measured.peak <= PEAK_MOST, f"peak {measured.peak:.1f} dBFS"),
        ("silence-at-head", measured.head <= head, f"{measured.head:.2f} s"),
        ("silence-at-tail", measured.tail <= tail + (prompt.pause or 0.0), f"{measured.tail:.2f} s"),
        ("mostly-silence", measured.voiced >= VOICED_LEAST, f"{measured.voiced:.0%} speech"),
        ("not-speech", CROSSINGS[0] <= crossings <= CROSSINGS[1], f"{crossings:.0f} crossings/s"),
        ("not-speech", prompt.is_part or spread >= SPREAD_LEAST, f"{spread:.1f} dB spread"),
    )  # fmt: skip
    return [(code, detail) for code, kept, detail in rules if not kept]


def syllables(text: str, language: str) -> int:
    """Chinese characters; for English, runs of vowels without a final e, at least one a word."""
    if language == "zh":
        return len(re.findall(r"[\u4e00-\u9fff]", text))
    words = re.findall(r"[A-Za-z]+", text)
    return sum(max(1, len(_VOWELS.findall(re.sub(r"e$", "", word.lower())))) for word in words)
