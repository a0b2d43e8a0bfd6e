"""A PDF as somebody reads it: PDFium's text (the reader of Chrome), sheet by sheet, and the links that it follows."""

from __future__ import annotations

import io

import pypdfium2
from pypdf import PdfReader


def sheets(content: bytes) -> list[str]:
    """Without blanks and ends of lines: what stands where is the layout's."""
    document = pypdfium2.PdfDocument(content)
    try:
        found = []
        for page in document:
            text = page.get_textpage()
            found.append("".join(text.get_text_range().split()))
            text.close()
            page.close()
        return found
    finally:
        document.close()


def links(content: bytes) -> list[str]:
    pages = PdfReader(io.BytesIO(content)).pages
    return [str(note.get_object()["/A"]["/URI"]) for page in pages for note in page.get("/Annots", ())]
