"""Renders the prompts whose text, voice or pronunciation changed since their sound file was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter.prompts import audio, manifest, wav
from callcenter.prompts.phonemes import PronunciationError
from callcenter.prompts.texts import Prompt, PromptTexts

if TYPE_CHECKING:
    from array import array

    from callcenter.prompts.kokoro import Kokoro, Voice


class UnknownPromptError(Exception):
    """An id given to render is in no text file."""


def key(language: str, prompt_id: str) -> str:
    return f"{language}/{prompt_id}"


def path_of(sounds: Path, language: str, prompt_id: str) -> Path:
    return sounds / language / f"{prompt_id}.wav"


def stale(texts: PromptTexts, sounds: Path, made: dict[str, manifest.Rendered]) -> list[Prompt]:
    """Prompts without a sound, or whose sound was made from something else, or was changed by hand."""
    wanting = []
    for prompt in texts.prompts.values():
        entry = made.get(key(texts.language, prompt.id))
        path = path_of(sounds, texts.language, prompt.id)
        if (
            entry is None
            or entry.source != manifest.source_hash(prompt, texts)
            or not path.is_file()
            or manifest.file_hash(path) != entry.wav
        ):
            wanting.append(prompt)
    return wanting


def chosen(
    texts: dict[str, PromptTexts], sounds: Path, only: Iterable[str]
) -> list[tuple[PromptTexts, Prompt]]:
    """What to render: everything stale, or exactly the ids asked for, stale or not."""
    ids = list(only)
    known = {prompt_id for language in texts.values() for prompt_id in language.prompts}
    if unknown := [prompt_id for prompt_id in ids if prompt_id not in known]:
        raise UnknownPromptError(", ".join(unknown))
    made = manifest.read(sounds)
    wanting = []
    for language in texts.values():
        prompts = (
            [p for p in language.prompts.values() if p.id in ids] if ids else stale(language, sounds, made)
        )
        wanting += [(language, prompt) for prompt in prompts]
    return wanting


def render(
    wanting: list[tuple[PromptTexts, Prompt]], sounds: Path, model: Kokoro, report: Callable[[str], None]
) -> None:
    """Writes each sound and its manifest line before the next: a stopped render goes on where it was."""
    made = manifest.read(sounds)
    studio = Studio(model)
    for texts, prompt in wanting:
        path = path_of(sounds, texts.language, prompt.id)
        wav.write(path, studio.record(texts, prompt))
        entry = manifest.Rendered(manifest.source_hash(prompt, texts), prompt.voice, manifest.file_hash(path))
        made[key(texts.language, prompt.id)] = entry
        manifest.write(sounds, made)
        report(key(texts.language, prompt.id))


def remove_orphans(texts: dict[str, PromptTexts], sounds: Path) -> list[str]:
    """Sounds and manifest lines whose prompt is gone from the texts."""
    made = manifest.read(sounds)
    wanted = {key(language, prompt_id) for language, file in texts.items() for prompt_id in file.prompts}
    gone = sorted(
        {name for name in made if name.partition("/")[0] in texts and name not in wanted}
        | {name for language in texts for name in found(sounds, language) if name not in wanted}
    )
    for name in gone:
        (sounds / f"{name}.wav").unlink(missing_ok=True)
        made.pop(name, None)
    if gone:
        manifest.write(sounds, made)
    return gone


def found(sounds: Path, language: str) -> list[str]:
    """Keys of the sound files that are there, wanted or not."""
    return sorted(
        str(path.relative_to(sounds).with_suffix("")) for path in (sounds / language).rglob("*.wav")
    )


class Studio:
    """Keeps a voice per language and speaker, so that a render loads each once."""

    def __init__(self, model: Kokoro) -> None:
        self._model = model
        self._voices: dict[tuple[str, str, float, str], Voice] = {}

    def record(self, texts: PromptTexts, prompt: Prompt) -> array[int]:
        """Raises PronunciationError, with file and line, for a word that has no pronunciation."""
        voice = self._voice(texts, prompt)
        try:
            if unknown := voice.unknown(prompt.say):
                raise PronunciationError(f"no pronunciation for {', '.join(unknown)}; add it under pronounce")
            if prompt.carrier is None:
                samples = voice.speak(prompt.say)
            else:
                samples = voice.speak_within(prompt.say, prompt.carrier)
        except PronunciationError as error:
            raise PronunciationError(f"{texts.path}:{prompt.line}: {prompt.id}: {error}") from error
        margins = audio.PART if prompt.is_part else audio.SENTENCE
        if prompt.pause is not None:
            margins = audio.Margins(margins.head, prompt.pause)
        return audio.for_telephone(samples, margins)

    def _voice(self, texts: PromptTexts, prompt: Prompt) -> Voice:
        from callcenter.prompts.kokoro import Voice

        own = prompt.language == texts.language
        speed = prompt.speed or texts.speed
        name = (prompt.language, prompt.voice, speed, texts.language)
        if name not in self._voices:
            pronounce = texts.pronounce if own else {}
            self._voices[name] = Voice(
                prompt.language, prompt.voice, speed=speed, pronounce=pronounce, model=self._model
            )
        return self._voices[name]
