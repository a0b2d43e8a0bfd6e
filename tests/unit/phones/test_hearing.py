"""The tests' own ears: a prompt that was played is recognised however it came, one that was not never is."""

from __future__ import annotations

import pytest
from hotline.prompts import made_prompt

from callcenter.phones.hearing import LIKE, Ear, Prompt, best_match
from callcenter.phones.sound import Sound, read_wav, silence
from callcenter.settings import CHECKOUT

SOUNDS = CHECKOUT / "asterisk-config/sounds"
SAID = ("zh/menu-main", "en/menu-main", "zh/survey", "en/welcome")
NOT_SAID = ("zh/survey-wrong", "en/survey", "zh/menu-repair", "zh/welcome", "en/wrong-key")


def spoken(name: str) -> Sound:
    return read_wav(SOUNDS / f"{name}.wav")


def packets_lost(sound: Sound) -> Sound:
    """One in the first second, two in the second: gone, what follows comes earlier."""
    return sound.part(0, 0.40) + sound.part(0.42, 1.30) + sound.part(1.34)


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("shift", [0, 1, 3, 6, 84])
def test_a_prompt_is_recognised_wherever_in_a_packet_it_begins(name: str, shift: int) -> None:
    match = best_match(silence(0.5 + shift / 8000) + spoken(name) + silence(0.5), Prompt(spoken(name)))
    assert match.score > LIKE
    assert 0.45 < match.at_s < 1.0


@pytest.mark.parametrize("name", SAID)
def test_a_prompt_is_recognised_with_packets_lost(name: str) -> None:
    assert best_match(silence(0.2) + packets_lost(spoken(name)), Prompt(spoken(name))).score > LIKE


@pytest.mark.parametrize("missed", [0.0, 0.1, 0.24])
def test_a_prompt_that_began_before_anybody_listened_is_recognised(missed: float) -> None:
    prompt = made_prompt("zh", "nuisance-closing")       # the shortest there are
    assert best_match(prompt.part(missed), Prompt(prompt)).score > LIKE
    assert best_match(prompt.part(missed), Prompt(made_prompt("zh", "nuisance-warning"))).score < LIKE


@pytest.mark.parametrize("name", NOT_SAID)
def test_what_was_not_said_is_not_recognised(name: str) -> None:
    ear = Ear()
    for said in SAID:
        ear.hear(spoken(said).samples)
    assert ear.match(Prompt(spoken(name))).score < 0.6


def test_a_prompt_before_the_mark_is_not_found_after_it() -> None:
    ear = Ear()
    sound = spoken("zh/survey")
    ear.hear((sound + silence(4)).samples)
    prompt = Prompt(sound)
    assert ear.match(prompt).score > LIKE
    assert ear.match(prompt, after_s=prompt.seconds).score < 0.6
