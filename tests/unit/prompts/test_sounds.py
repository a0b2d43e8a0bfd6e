"""Every committed prompt is speech of its own text, and the check that says so notices when it is not."""

from __future__ import annotations

import math
import random
import shutil
from array import array
from pathlib import Path

import pytest

from callcenter.prompts import manifest, tones, wav
from callcenter.prompts.check import check, check_one, faults
from callcenter.prompts.render import key, path_of, remove_orphans, stale
from callcenter.prompts.texts import LANGUAGES, Prompt, PromptTexts, load_all

CONFIG = Path(__file__).parents[3] / "asterisk-config"
SOUNDS = CONFIG / "sounds"
MOST_BYTES = 17_000_000  # of all sounds: they are in the repository


@pytest.fixture(scope="module")
def texts() -> dict[str, PromptTexts]:
    return load_all(CONFIG / "prompts")


@pytest.fixture
def copied(tmp_path: Path, texts: dict[str, PromptTexts]) -> Path:
    """A folder with the welcome sound and its manifest line, to be spoiled by a test."""
    path = path_of(tmp_path, "zh", "welcome")
    path.parent.mkdir(parents=True)
    shutil.copy(path_of(SOUNDS, "zh", "welcome"), path)
    name = key("zh", "welcome")
    manifest.write(tmp_path, {name: manifest.read(SOUNDS)[name]})
    return tmp_path


def codes(texts: PromptTexts, prompt: Prompt, sounds: Path) -> set[str]:
    made = manifest.read(sounds).get(key(texts.language, prompt.id))
    return {finding.code for finding in check_one(texts, prompt, sounds, made)}


def test_every_prompt_is_speech_of_the_right_length_level_and_format(texts: dict[str, PromptTexts]) -> None:
    assert [str(finding) for finding in check(texts, SOUNDS)] == []


def test_both_languages_have_the_same_sentences(texts: dict[str, PromptTexts]) -> None:
    zh, en = ({prompt.id for prompt in texts[language].sentences} for language in LANGUAGES)
    assert zh == en


def test_the_sounds_stay_small_enough_to_be_committed() -> None:
    assert sum(path.stat().st_size for path in SOUNDS.rglob("*.wav")) < MOST_BYTES


def test_nothing_is_left_to_render(texts: dict[str, PromptTexts]) -> None:
    made = manifest.read(SOUNDS)
    assert [prompt.id for file in texts.values() for prompt in stale(file, SOUNDS, made)] == []


def test_a_changed_text_is_noticed_until_it_is_rendered(texts: dict[str, PromptTexts], copied: Path) -> None:
    zh = texts["zh"]
    welcome = zh.prompts["welcome"]
    assert codes(zh, welcome, copied) == set()
    changed = Prompt("welcome", "您好。", "您好。", "zh", welcome.voice, None, is_part=False, line=1)
    assert "not-rendered-from-this-text" in codes(zh, changed, copied)


def test_a_sound_changed_by_hand_is_noticed(texts: dict[str, PromptTexts], copied: Path) -> None:
    path = path_of(copied, "zh", "welcome")
    samples = wav.read(path)
    samples[1000] += 1
    wav.write(path, samples)
    assert codes(texts["zh"], texts["zh"].prompts["welcome"], copied) == {"not-the-rendered-file"}


def test_a_missing_sound_and_a_wrong_format_are_noticed(texts: dict[str, PromptTexts], copied: Path) -> None:
    welcome, path = texts["zh"].prompts["welcome"], path_of(copied, "zh", "welcome")
    path.write_bytes(b"RIFF of nothing")
    assert codes(texts["zh"], welcome, copied) == {"wrong-format"}
    path.unlink()
    assert codes(texts["zh"], welcome, copied) == {"no-sound"}


def noise(seconds: float) -> array[int]:
    chance = random.Random(6)
    return array("h", (round(chance.gauss(0, 4000)) for _ in range(round(seconds * wav.RATE))))


@pytest.mark.parametrize(
    ("samples", "code"),
    [
        (tones.silence(2.2), "silent"),
        (tones.tone(1000.0, 2.2), "not-speech"),
        (noise(2.2), "not-speech"),
    ],
    ids=["silence", "tone", "noise"],
)
def test_what_is_not_speech_is_noticed(texts: dict[str, PromptTexts], samples: array[int], code: str) -> None:
    found = {found for found, _ in faults(wav.measure(samples), texts["zh"].prompts["welcome"])}
    assert code in found


@pytest.mark.parametrize(
    ("scale", "cut", "code"),
    [(0.5, 1.0, "level"), (1.0, 0.4, "too-short-for-its-text")],
    ids=["quiet", "cut"],
)
def test_a_spoiled_render_is_noticed(
    texts: dict[str, PromptTexts], scale: float, cut: float, code: str
) -> None:
    whole = wav.read(path_of(SOUNDS, "zh", "welcome"))
    spoiled = array("h", (round(sample * scale) for sample in whole[: round(len(whole) * cut)]))
    assert code in {found for found, _ in faults(wav.measure(spoiled), texts["zh"].prompts["welcome"])}


def test_a_sound_without_its_text_is_found_and_removed(texts: dict[str, PromptTexts], copied: Path) -> None:
    tones.write_all(copied)
    orphan = path_of(copied, "zh", "no-such-prompt")
    shutil.copy(path_of(copied, "zh", "welcome"), orphan)
    assert ("zh/no-such-prompt", "orphan") in {(f.name, f.code) for f in check({"zh": texts["zh"]}, copied)}
    assert remove_orphans({"zh": texts["zh"]}, copied) == ["zh/no-such-prompt"]
    assert not orphan.exists()
    assert path_of(copied, "zh", "welcome").exists()


def test_the_beep_is_as_loud_as_the_speech() -> None:
    assert wav.measure(wav.read(SOUNDS / "beep.wav")).speech_level == pytest.approx(-18.0, abs=0.5)
    assert wav.measure(wav.read(SOUNDS / "silence" / "1.wav")).peak == -math.inf
