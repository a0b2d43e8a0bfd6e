"""Chinese text to the phonemes that Kokoro's Chinese voices were taught: jieba words, pypinyin, misaki's IPA.

Tone sandhi is left to the voice on purpose: it was taught on dictionary tones and changes them itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from callcenter.prompts.phonemes import PronunciationError

if TYPE_CHECKING:
    from callcenter.prompts.english import English

_HAN: Final = "\u4e00-\u9fff"
_RUN: Final = re.compile(rf"[{_HAN}]+|[A-Za-z][A-Za-z' -]*[A-Za-z]|[A-Za-z]|[^{_HAN}A-Za-z]+")
_MARKS: Final = str.maketrans(
    {
        "，": ", ",
        "、": ", ",
        "。": ". ",
        "！": "! ",
        "？": "? ",
        "：": ": ",
        "；": "; ",
        "（": " (",
        "）": ") ",
    }
)
_TONES: Final = (("˧˩˧", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→"))
_SYLLABIC: Final = ("\u027b\u0329", "\u0279\u0329")  # both are written ɨ in Kokoro's alphabet
_NON_SYLLABIC: Final = "\u032f"

_DIGITS: Final = "零一二三四五六七八九"
_CLOCK: Final = re.compile(r"(?<!\d)([01]?\d|2[0-4])[:：]([0-5]\d)(?!\d)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_NAMED_BY_DIGITS: Final = frozenset("室房号")  # flat 1201 is 一二零一
_COUNTED_AS_LIANG: Final = frozenset("个位名小户次条天年分点台")  # 2 before these is 两, otherwise 二
_AS_VALUE_UP_TO: Final = 4  # digits; a longer run is a phone or ticket number, read digit by digit


def numeral(number: int) -> str:
    """0 to 9999 as a Chinese speaker says it: 10 十, 105 一百零五, 2000 两千."""
    if number < 20:
        return _DIGITS[number] if number < 10 else "十" + (_DIGITS[number - 10] if number > 10 else "")
    said = ""
    pending_zero = False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            said += (
                ("零" if pending_zero else "")
                + ("两" if digit == 2 and value == 1000 else _DIGITS[digit])
                + unit
            )
        pending_zero = bool(said) and not digit
    return said


def spell_numbers(text: str) -> str:
    """Digits into characters: clock times, values, and long or zero-led runs digit by digit."""

    def clock(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[2])
        said = "零" + _DIGITS[minute] if 0 < minute < 10 else numeral(minute)
        return ("两" if hour == 2 else numeral(hour)) + "点" + (said + "分" if minute else "整")

    def number(match: re.Match[str]) -> str:
        whole, _, fraction = match[0].partition(".")
        following = match.string[match.end() : match.end() + 1]
        by_digit = len(whole) > _AS_VALUE_UP_TO or (len(whole) > 1 and whole[0] == "0")
        if by_digit or (len(whole) > 2 and following in _NAMED_BY_DIGITS):
            said = "".join(_DIGITS[int(digit)] for digit in whole)
        else:
            said = numeral(int(whole))
        if fraction:
            return said + "点" + "".join(_DIGITS[int(digit)] for digit in fraction)
        return "两" if said == "二" and following in _COUNTED_AS_LIANG else said

    text = _CLOCK.sub(clock, text)
    return _NUMBER.sub(number, text)


class Mandarin:
    """`english` says the Latin words in Chinese sentences (A 座, VIP); without it they are an error."""

    def __init__(self, pronounce: dict[str, str], english: English | None = None) -> None:
        import jieba
        import pypinyin
        from misaki.transcription import pinyin_to_ipa

        jieba.setLogLevel("ERROR")
        self._english = english
        self._pinyin_to_ipa = pinyin_to_ipa
        self._pypinyin = pypinyin
        self._words = jieba.Tokenizer()
        for phrase, pinyin in pronounce.items():
            syllables = pinyin.split()
            if len(syllables) != len(phrase):
                raise PronunciationError(
                    f"{phrase} has {len(phrase)} characters, but {pinyin!r} not as many syllables"
                )
            pypinyin.load_phrases_dict({phrase: [[syllable] for syllable in syllables]})
            self._words.add_word(phrase, freq=10**6)

    def __call__(self, text: str) -> str:
        runs = _RUN.findall(spell_numbers(text).translate(_MARKS))
        return re.sub(r" {2,}", " ", "".join(self._run(run) for run in runs)).strip()

    def unknown(self, text: str) -> list[str]:
        return self._english.unknown(text) if self._english else []

    def _run(self, run: str) -> str:
        if re.match(rf"[{_HAN}]", run):
            return " ".join(self._word(word) for word in self._words.cut(run))
        if run[0].isalpha():
            if self._english is None:
                raise PronunciationError(f"{run!r} is not Chinese")
            return f" {self._english(run)} "
        return run

    def _word(self, word: str) -> str:
        style = self._pypinyin.Style.TONE3
        return "".join(
            map(self._syllable, self._pypinyin.lazy_pinyin(word, style, neutral_tone_with_five=True))
        )

    def _syllable(self, pinyin: str) -> str:
        try:
            first: tuple[str, ...] = self._pinyin_to_ipa(pinyin)[0]
        except (ValueError, IndexError) as error:
            raise PronunciationError(f"{pinyin!r} is not a syllable of pinyin") from error
        ipa = "".join(first)
        for tone, arrow in _TONES:
            ipa = ipa.replace(tone, arrow)
        for syllabic in _SYLLABIC:
            ipa = ipa.replace(syllabic, "ɨ")
        return ipa.replace(_NON_SYLLABIC, "")
