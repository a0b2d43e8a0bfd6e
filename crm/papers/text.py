"""What may stand on paper, and where a line of it ends: Chinese and English mixed, whatever somebody has typed. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

MISSING: Final = "□"                 # seen in place of what the font has no picture of, and of control characters
_UNSEEN: Final = frozenset("\u00ad\u034f\u061c\u180e\ufeff") | {
    chr(code) for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xE0000, 0xE007F),
                                  (0xE0100, 0xE01EF)) for code in range(first, last + 1)}
_LINES: Final = (("\r\n", "\n"), ("\r", "\n"), ("\u2028", "\n"), ("\u2029", "\n"), ("\t", "    "))
_BEGINS_NO_LINE: Final = frozenset("!%),.:;?]}¢°’”†‡›℃∶、。〃々〉》」』】〕〗〞︶︺︾﹀﹄﹚﹜﹞！＂％＇），．：；？］｝～…—·")
_ENDS_NO_LINE: Final = frozenset("([{£¥‘“‹〈《「『【〔〖〝﹙﹛﹝（［｛￡￥＄$")

Has = Callable[[str], bool]
Measure = Callable[[str], float]


def clean(text: str, has: Has) -> str:
    """Text of what the font has: other characters and control characters are replaced visibly, a mark that only steers how text
    is shown (reading direction, joiners) goes. Lines end with \\n."""
    for written, meant in _LINES:
        text = text.replace(written, meant)
    text = unicodedata.normalize("NFC", text)
    return "".join(_shown(char, has) for char in text if char not in _UNSEEN)


def _shown(char: str, has: Has) -> str:
    if char == "\n":
        return char
    if char.isspace() and not has(char):
        return " "
    if unicodedata.category(char)[0] == "C" or not has(char):
        return MISSING
    return char


def lines(text: str, width: float, measure: Measure) -> list[str]:
    """`text`, cleaned, in lines no wider than `width` where a character fits at all. An English word stays whole if a line holds
    it; Chinese breaks anywhere but before a closing and behind an opening mark."""
    return [line for part in text.split("\n") for line in _broken(part, width, measure)]


def _broken(text: str, width: float, measure: Measure) -> list[str]:
    found: list[str] = []
    begin, place, opening, so_far = 0, 0, 0, 0.0     # opening: the last place where the line may end
    while place < len(text):
        char = text[place]
        if place > begin and _may_part(text[place - 1], char):
            opening = place
        so_far += measure(char)
        if so_far > width and place > begin and char != " ":     # blanks hang over the end
            end = opening if opening > begin else place
            found.append(text[begin:end].rstrip(" "))
            begin = opening = place = end
            so_far = 0.0
            continue
        place += 1
    found.append(text[begin:].rstrip(" "))
    return found


def _may_part(before: str, after: str) -> bool:
    if after == " " or after in _BEGINS_NO_LINE or before in _ENDS_NO_LINE:
        return False
    return before == " " or (before in "-/" and after.isalpha()) or _is_wide(before) or _is_wide(after)


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF" or char in "…—"
