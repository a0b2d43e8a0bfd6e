"""What a document is made of: the values that whoever writes one gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right", "center"]
Language = Literal["zh", "en"]


def followed(link: str | None) -> str | None:
    """Http(s) in plain characters, or none at all: a document calls no other program."""
    fits = link is not None and link.startswith(("http://", "https://")) and link.isascii() and link.isprintable()
    return link if fits else None


@dataclass(frozen=True)
class Column:
    """`width` is the share of the sheet's width that it takes beside the others."""

    title: str
    width: float = 1
    align: Align = "left"


@dataclass(frozen=True)
class Cell:
    """A cell that is more than its text. `link`: http or https; anything else is not followed."""

    text: str
    link: str | None = None
    is_bold: bool = False


@dataclass(frozen=True)
class Figure:
    """A headline figure: what it counts, and its value as it is read."""

    label: str
    value: str
    link: str | None = None


@dataclass(frozen=True)
class Signature:
    """A place to sign: who, and of a signature that is there already the name and the day."""

    label: str
    name: str = ""
    day: str = ""
