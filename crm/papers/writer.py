"""Draws sheets as PDF with the one font embedded (only the characters used). The only importer of fpdf2 and of the font."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Final

from fpdf import FPDF
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont
from pylopdf_fonts_zh_cn import sans_path

from crm.papers.marks import BLACK, About, Box, Line, Link, Mark, Picture, Sheet, Text

_FAMILY: Final = "paper"
_BOLD: Final = 0.035     # the stroke that makes the one weight of the font bold, of its size


class Writer:
    def __init__(self, *, across: bool = False) -> None:
        self._pdf = FPDF(orientation="landscape" if across else "portrait", unit="mm", format="A4")
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.add_font(_FAMILY, fname=sans_path())
        self._pdf.set_font(_FAMILY, size=10)
        font = self._pdf.fonts[_FAMILY]
        assert isinstance(font, TTFFont)
        weakref.finalize(self, font.ttfont.close)     # fpdf2 leaves the font's file open, to read what it needs of it
        self._has = frozenset(font.cmap)
        self._widths = {code: font.cw[code] for code in self._has}

    def has(self, char: str) -> bool:
        return ord(char) in self._has

    def width(self, text: str, size: float) -> float:
        """In millimetres, of text that the font has."""
        return sum(self._widths.get(ord(char), 1000) for char in text) * size / 1000 * 25.4 / 72

    def pdf(self, sheets: Sequence[Sheet], about: About) -> bytes:
        pdf = self._pdf
        pdf.set_title(about.title)
        pdf.set_author(about.author)
        pdf.set_creator("Sixring")
        pdf.set_producer("Sixring")
        pdf.set_lang(about.language)
        pdf.set_creation_date(about.at)
        for sheet in sheets:
            pdf.add_page()
            for mark in sheet.marks:
                self._draw(mark)
        return bytes(pdf.output() or b"")

    def _draw(self, mark: Mark) -> None:
        pdf = self._pdf
        match mark:
            case Text():
                if not mark.text:
                    return
                pdf.set_font(_FAMILY, size=mark.size)
                pdf.set_text_color(*mark.colour)
                with pdf.local_context(text_mode=TextMode.FILL_STROKE if mark.is_bold else TextMode.FILL,
                                       line_width=mark.size * _BOLD, draw_color=mark.colour):
                    pdf.text(mark.x, mark.y, mark.text)
            case Link():
                pdf.link(mark.x, mark.y, mark.width, mark.height, mark.address)
            case Line():
                pdf.set_draw_color(*BLACK)
                pdf.set_line_width(0.15)
                pdf.line(mark.x, mark.y, mark.to_x, mark.to_y)
            case Box():
                pdf.set_fill_color(*mark.colour)
                pdf.rect(mark.x, mark.y, mark.width, mark.height, style="F")
            case Picture():
                pdf.image(mark.image, mark.x, mark.y, mark.width, mark.height)
