"""One way to compare rooms: 3栋1单元502室, 三号楼-1-0502 and ３-1-502 are the same door."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 60
_DIGITS: Final = {
    character: value for value, characters in enumerate(("〇零", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for character in characters}
_CHINESE: Final = re.compile(r"[〇零一二两三四五六七八九十百]+")
_PLACE_WORD: Final = re.compile(r"号楼|单元|栋|幢|座|楼|梯|室|房|号|层|#")
_SEPARATOR: Final = re.compile(r"[^0-9A-Z一-鿿]+")
_ZEROS: Final = re.compile(r"(?<![0-9A-Z])0+(?=[0-9])")
_BUILDING_WORD: Final = re.compile(r"(号楼|栋|幢|座|楼)$")


def label(building: str, unit: str, room: str) -> str:
    """The room number as people write it: 3栋, 1, 502 → 3-1-502."""
    return f"{_BUILDING_WORD.sub('', building) or building}-{unit}-{room}"


def room_key(building: str, unit: str, room: str) -> str:
    """The same for every spelling of a room of one estate."""
    return "-".join(part_key(part) for part in (building, unit, room))[:LONGEST]


def part_key(text: str) -> str:
    """Of a building, a unit or a room, or of a room number as somebody types it whole; may be empty."""
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = _CHINESE.sub(lambda found: str(number(found[0])), plain)
    plain = _SEPARATOR.sub("-", _PLACE_WORD.sub("-", plain)).strip("-")
    return _ZEROS.sub("", plain)


def building_key(name: str) -> str:
    """The same for every spelling of a building of one estate."""
    return part_key(name) or name


def number(chinese: str) -> int:
    """十二 → 12, 一百零三 → 103, 五〇二 → 502 (digits one after another)."""
    if not set(chinese) & {"十", "百"}:
        return int("".join(str(_DIGITS[character]) for character in chinese))
    total, digit = 0, None
    for character in chinese:
        if character == "百":
            total, digit = total + 100 * (1 if digit is None else digit), None
        elif character == "十":
            total, digit = total + 10 * (1 if digit is None else digit), None
        else:
            digit = _DIGITS[character]
    return total + (digit or 0)
