"""The text files are the only place for spoken words, so a mistake in one must name its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.prompts.asterisk_parts import REQUIRED
from callcenter.prompts.mandarin import numeral, spell_numbers
from callcenter.prompts.texts import LANGUAGES, Prompt, PromptTextError, load, load_all

PROMPTS = Path(__file__).parents[3] / "asterisk-config" / "prompts"
HEAD = "language: zh\nvoice: zf_xiaoyi\n"


def written(folder: Path, text: str, name: str = "zh.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plain_entry_is_spoken_as_written_in_the_files_voice(tmp_path: Path) -> None:
    texts = load(written(tmp_path, HEAD + "prompts:\n  welcome: 您好。\n"))
    assert texts.prompts["welcome"] == Prompt(
        "welcome", "您好。", "您好。", "zh", "zf_xiaoyi", carrier=None, is_part=False, line=4
    )


def test_an_entry_may_be_in_the_other_language_and_said_otherwise_than_written(tmp_path: Path) -> None:
    body = 'prompts:\n  for-english: {text: "For English, press 9.", say: "press nine", voice: en}\n'
    prompt = load(written(tmp_path, HEAD + body)).prompts["for-english"]
    assert (prompt.language, prompt.voice, prompt.say) == ("en", "af_heart", "press nine")


def test_parts_share_their_groups_carrier_and_voice(tmp_path: Path) -> None:
    group = '  - carrier: "say {} now"\n    voice: en:zf_xiaoyi\n    texts: {letters/a: A}\n'
    body = f"prompts: {{a: 好}}\nparts:\n{group}"
    part = load(written(tmp_path, HEAD + body)).prompts["letters/a"]
    assert (part.carrier, part.language, part.voice, part.is_part) == ("say {} now", "en", "zf_xiaoyi", True)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        (HEAD, 1, "prompts"),
        (HEAD + "prompts:\n  welcome: 您好\n  welcome: 你好\n", 5, "welcome"),
        (HEAD + "prompts:\n  welcome: ''\n", 4, "welcome"),
        (HEAD + "prompts:\n  Welcome: 您好\n", 4, "Welcome"),
        (HEAD + "prompts:\n  welcome: {say: 您好}\n", 4, "welcome"),
        (HEAD + "prompts:\n  welcome: {text: 您好, voice: fr}\n", 4, "voice"),
        (HEAD + "prompts: {a: 好}\ngreetings: {b: 好}\n", 4, "greetings"),
        (HEAD + "prompts: {a: 好}\nspeed: fast\n", 4, "speed"),
        (HEAD + "prompts: {a: 好}\nparts:\n  - carrier: 没有\n    texts: {b: 好}\n", 5, "carrier"),
        (HEAD + "prompts: {a: 好}\nparts:\n  - texts: {a: 好}\n", 5, "a"),
        ("language: fr\nvoice: x\nprompts: {a: b}\n", 1, "language"),
        (HEAD + "prompts: {a: [}\n", 3, "yaml"),
        ("", 1, "file"),
    ],
)
def test_a_mistake_names_its_file_line_and_key(tmp_path: Path, text: str, line: int, key: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PromptTextError) as caught:
        load(path)
    assert (caught.value.line, caught.value.key) == (line, key)
    assert str(caught.value).startswith(f"{path}:{line}: {key}: ")


def test_a_sentence_in_one_language_only_is_refused(tmp_path: Path) -> None:
    written(tmp_path, HEAD + "prompts:\n  welcome: 您好\n  goodbye: 再见\n")
    written(tmp_path, "language: en\nvoice: af_heart\nprompts:\n  welcome: Hello\n", "en.yaml")
    with pytest.raises(PromptTextError, match=r"zh\.yaml:5: goodbye: is missing from en\.yaml"):
        load_all(tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_hold_every_part_that_asterisk_looks_for(language: str) -> None:
    assert REQUIRED[language] <= load_all(PROMPTS)[language].prompts.keys()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1005, "一千零五"),
        (2030, "两千零三十"),
    ],
)
def test_numbers_are_said_as_a_chinese_speaker_says_them(number: int, said: str) -> None:
    assert numeral(number) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("还有2位", "还有两位"),
        ("第12位", "第十二位"),
        ("下午3:05", "下午三点零五分"),
        ("14:00开始", "十四点整开始"),
        ("1201室", "一二零一室"),
        ("电话13800138000", "电话一三八零零一三八零零零"),
        ("3.5元", "三点五元"),
        ("0571", "零五七一"),
    ],
)
def test_digits_in_a_text_made_at_run_time_are_read_as_what_they_are(text: str, said: str) -> None:
    assert spell_numbers(text) == said
