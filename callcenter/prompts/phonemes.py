"""The alphabet of the Kokoro voice: its symbols, their numbers, and the error for what has none."""

from __future__ import annotations

from typing import Final

# Kokoro-82M 1.0's `config.json`; the gaps are symbols that the model was never taught.
SYMBOL_IDS: Final = {
    **dict(zip(";:,.!?", range(1, 7), strict=True)),
    **dict(zip('—…"()“” ', range(9, 17), strict=True)),
    **dict(zip("\u0303ʣʥʦʨᵝ\uab67AI", range(17, 26), strict=True)),
    "O": 31, "Q": 33, "S": 35, "T": 36, "W": 39,
    **dict(zip("Yᵊabcdef", range(41, 49), strict=True)),
    **dict(zip("hijklmnopqrstuvwxyzɑɐɒæ", range(50, 73), strict=True)),
    **dict(zip("βɔɕç", range(75, 79), strict=True)),
    **dict(zip("ɖðʤə", range(80, 84), strict=True)),
    "ɚ": 85, "ɛ": 86, "ɜ": 87, "ɟ": 90, "ɡ": 92, "ɥ": 99, "ɨ": 101, "ɪ": 102, "ʝ": 103,
    **dict(zip("ɯɰŋɳɲɴø", range(110, 117), strict=True)),
    "ɸ": 118, "θ": 119, "œ": 120, "ɹ": 123, "ɾ": 125, "ɻ": 126, "ʁ": 128,
    **dict(zip("ɽʂʃʈʧ", range(129, 134), strict=True)),
    "ʊ": 135, "ʋ": 136, "ʌ": 138, "ɣ": 139, "ɤ": 140, "χ": 142, "ʎ": 143, "ʒ": 147, "ʔ": 148,
    "ˈ": 156, "ˌ": 157, "ː": 158, "ʰ": 162, "ʲ": 164,
    "↓": 169, "→": 171, "↗": 172, "↘": 173, "ᵻ": 177,
}
PAUSES: Final = frozenset(";:,.!?—…")
SENTENCE_ENDS: Final = frozenset(".!?…")


class PronunciationError(Exception):
    """A word or sign of a text has no pronunciation; a prompt with a hole in it must not be rendered."""


def numbered(phonemes: str) -> list[int]:
    try:
        return [SYMBOL_IDS[symbol] for symbol in phonemes]
    except KeyError as error:
        raise PronunciationError(f"the voice has no sound for {error.args[0]!r} in {phonemes!r}") from None
