"""English text to the phonemes of Kokoro's American voices: misaki's word lists without its tagger.

misaki's own front end needs spaCy and a model that no registry serves. Our prompts are a few hundred known
words, so the lists do; a word with two readings (live) is settled in the text file's `pronounce`.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Final

from callcenter.prompts.phonemes import PAUSES

_TOKEN: Final = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|\d+|[^\sA-Za-z\d]|\s+")
_VOWELS: Final = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")
_STRESSES: Final = "ˌˈ"
_UNVOICED: Final = frozenset("ptkfθ")
_SIBILANTS: Final = frozenset("szʃʒʧʤ")


class English:
    """Unknown words are spelled out: a name in a text made at run time is never a hole in the sentence."""

    def __init__(self, pronounce: dict[str, str]) -> None:
        lists = files("misaki").joinpath("data")
        self._words: dict[str, str | dict[str, str | None]] = {}
        for name in ("us_silver.json", "us_gold.json"):  # gold was checked by hand, so it comes last
            self._words.update(json.loads(lists.joinpath(name).read_text(encoding="utf-8")))
        self._words.update({word.lower(): phonemes for word, phonemes in pronounce.items()})

    def __call__(self, text: str) -> str:
        from num2words import num2words

        spelled = re.sub(r"\d+", lambda m: self._number(m[0], num2words), text)
        said: list[str] = []
        following = ""  # the phonemes after this token: "the" and "to" sound otherwise before a vowel
        for token in reversed(_TOKEN.findall(spelled)):
            phonemes = self._token(token, following)
            following = phonemes.strip() or following
            said.append(phonemes)
        return re.sub(r" {2,}", " ", "".join(reversed(said))).strip()

    def unknown(self, text: str) -> list[str]:
        """Words that would be spelled letter by letter; in a committed prompt that is a mistake."""
        words = [token for token in _TOKEN.findall(text) if token[0].isalpha()]
        return [word for word in words if len(word) > 1 and not word.isupper() and self._word(word) is None]

    @staticmethod
    def _number(digits: str, num2words: object) -> str:
        """A run of five or more, or one led by 0, is a phone or ticket number and read digit by digit."""
        assert callable(num2words)
        if len(digits) > 4 or (len(digits) > 1 and digits[0] == "0"):
            return " ".join(str(num2words(int(digit))) for digit in digits)
        return str(num2words(int(digits))).replace("-", " ")

    def _token(self, token: str, following: str) -> str:
        if token.isspace():
            return " "
        if not token[0].isalpha():
            return token if token in PAUSES else " "
        lower = token.lower()
        before_vowel = following.lstrip(_STRESSES)[:1] in _VOWELS if following else False
        at_end = not following or following[0] in PAUSES
        weak = {
            "the": "ði" if before_vowel else "ðə",
            "to": "tu" if at_end else "tʊ" if before_vowel else "tə",
            "a": "ɐ",
            "an": "ɐn",
        }
        if lower in weak and token != "A":  # noqa: S105 - "A" alone is the letter: flat A
            return weak[lower]
        phonemes = None if token.isupper() and len(token) > 1 else self._word(token)
        return (self._letters(token) if phonemes is None else phonemes).replace("ɾ", "T").replace("ʔ", "t")

    def _word(self, word: str) -> str | None:
        lower = word.lower()
        return self._listed(word) or self._listed(lower) or self._inflected(lower)

    def _listed(self, word: str) -> str | None:
        found = self._words.get(word)
        return found.get("DEFAULT") if isinstance(found, dict) else found

    def _inflected(self, word: str) -> str | None:
        """Plurals, -ed and -ing of listed words, by https://en.wiktionary.org/wiki/-s and its like."""
        for ending, replacements, joined in (
            ("s", ("",), self._with_s),
            ("es", ("",), self._with_s),
            ("ies", ("y",), self._with_s),
            ("ed", ("", "e"), self._with_ed),
            ("ing", ("", "e"), lambda stem: stem + "ɪŋ"),
        ):
            if word.endswith(ending) and len(word) > len(ending) + 2:
                for replacement in replacements:
                    stem = self._listed(word[: -len(ending)] + replacement)
                    if stem:
                        return joined(stem)
        return None

    @staticmethod
    def _with_s(stem: str) -> str:
        if stem[-1] in _SIBILANTS:
            return stem + "ᵻz"
        return stem + ("s" if stem[-1] in _UNVOICED else "z")

    @staticmethod
    def _with_ed(stem: str) -> str:
        if stem[-1] in "td":
            return stem + "ᵻd"
        return stem + ("t" if stem[-1] in "pkfθʃsʧ" else "d")

    def _letters(self, word: str) -> str:
        return " ".join(self._listed(letter) or "" for letter in word.upper() if letter.isalpha())
