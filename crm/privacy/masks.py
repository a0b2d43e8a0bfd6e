"""Masks of personal data (K1). Pure; a mask that is masked again stays as it is, and never tells how long a name was."""

from __future__ import annotations

import re
from typing import Final

from callcenter.numbers import as_dialled
from callcenter.private import Private

HIDDEN: Final = "***"
_HEAD, _TAIL, _LEAST = 3, 4, 4       # 138****6666
# Surnames of two characters; in every other Chinese name the first character is the surname.
_COMPOUND: Final = frozenset(re.findall("..", (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文"
    "司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生梁丘"
    "左丘东门西门")))
# What stands in a sentence: an identity number (15 digits, or 17 and one of 0–9 X), an e-mail address, a phone number.
_ID_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9A-Za-z])")
_EMAIL: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?<![0-9.:/-])\+?[0-9](?:[ -]?[0-9]){6,14}(?![0-9:/-]|\.[0-9])")
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?: (?:[01][0-9]|2[0-3]))?$")


def masked(value: str, kind: Private) -> str:
    """`138****6666`, `王**`, `z***@example.com`, `330***********0013`; a room stays; "" stays ""."""
    if not value:
        return value
    match kind:
        case Private.PHONE:
            return _phone(value)
        case Private.NAME:
            return _name(value)
        case Private.EMAIL:
            return _email(value)
        case Private.ID_NUMBER:
            return _middle(value)
        case Private.ROOM:
            return value
        case Private.TEXT:
            return _text(value)
        case Private.FIELD:
            return HIDDEN


def is_mask_of(shown: str, value: str, kind: Private) -> bool:
    """Whether somebody sends back what they were shown instead of the value: such a change is none."""
    return shown != value and shown == masked(value, kind)


def _phone(number: str) -> str:
    return _middle(as_dialled(number) if re.fullmatch(r"\+[0-9]+", number) else number)


def _middle(text: str) -> str:
    """Three in front and four at the end; of what is short less, so that four at least are hidden."""
    spare = max(len(text) - _LEAST, 0)
    tail = min(_TAIL, spare)
    head = min(_HEAD, spare - tail)
    return f"{text[:head]}{'*' * (len(text) - head - tail)}{text[len(text) - tail:]}"


def _name(name: str) -> str:
    """The surname; of a name in letters the first one."""
    bare = name.strip()
    if not bare or bare == HIDDEN:
        return HIDDEN
    kept = bare[:2] if bare[:2] in _COMPOUND and len(bare) > 2 else bare[:1]
    return f"{kept if kept != '*' else ''}**"


def _email(address: str) -> str:
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else HIDDEN


def _text(text: str) -> str:
    text = _ID_NUMBER.sub(lambda found: _middle(found[0]), text)
    text = _EMAIL.sub(lambda found: _email(found[0]), text)
    return _PHONE.sub(lambda found: found[0] if _DATE.match(found[0]) else _middle(found[0]), text)
