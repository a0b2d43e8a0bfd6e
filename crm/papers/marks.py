"""What stands where on a sheet: plain values that the layout makes and the PDF writer draws. Millimetres from the upper left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from PIL.Image import Image

BLACK: Final = (0, 0, 0)
GREY: Final = (110, 110, 110)
BLUE: Final = (20, 70, 160)
LIGHT: Final = (240, 242, 245)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Text:
    """`y` is the base line."""

    x: float
    y: float
    text: str
    size: float          # points
    is_bold: bool = False
    colour: Colour = BLACK


@dataclass(frozen=True)
class Link:
    x: float
    y: float
    width: float
    height: float
    address: str


@dataclass(frozen=True)
class Line:
    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    colour: Colour = LIGHT


@dataclass(frozen=True)
class Picture:
    x: float
    y: float
    width: float
    height: float
    image: Image


Mark = Text | Link | Line | Box | Picture


@dataclass
class Sheet:
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class About:
    """What a viewer says of the file; `at` is its only date, so that the same paper is the same bytes."""

    title: str
    author: str
    language: str
    at: datetime
