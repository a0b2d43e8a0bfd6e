"""A letter as it is printed: a PDF that is kept with the ticket, and a page that a browser prints. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from typing import Final

from crm.complaints.letters.words import day
from crm.papers.document import Document, Head
from crm.papers.parts import Language, Signature

SIGNED: Final = {"zh": "签发", "en": "Signed for the house"}


@dataclass(frozen=True)
class Printed:
    sender: str              # the house
    language: Language
    number: str
    subject: str
    body: str
    approved_by: str
    approved_at: datetime


def pdf(letter: Printed, tz: tzinfo) -> bytes:
    when = day(letter.approved_at.astimezone(tz).date(), letter.language)
    document = Document(Head(sender=letter.sender, language=letter.language, at=letter.approved_at, number=letter.number, day=when))
    document.title(letter.subject)
    for part in paragraphs(letter.body):
        document.paragraph(part)
    document.space(6)
    document.paragraph(letter.sender, align="right")
    document.paragraph(when, align="right")
    document.signatures([Signature(SIGNED[letter.language], letter.approved_by, when)], in_a_row=2)
    return document.to_bytes()


def page(letter: Printed, tz: tzinfo) -> str:
    """Without a style or a script of its own: the house's security headers allow none, and a letter needs none."""
    when = day(letter.approved_at.astimezone(tz).date(), letter.language)
    language = "zh-CN" if letter.language == "zh" else "en"
    body = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in paragraphs(letter.body))
    return (f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(letter.number)}</title></head>'
            "<body>"
            f"<p>{escape(letter.sender)} {escape(letter.number)}</p><h1>{escape(letter.subject)}</h1>{body}"
            f"<p>{escape(letter.sender)}<br>{escape(when)}<br>{escape(SIGNED[letter.language])}: {escape(letter.approved_by)}</p>"
            "</body></html>")


def paragraphs(text: str) -> list[str]:
    """Between empty lines."""
    return [part.strip("\n") for part in text.replace("\r", "").split("\n\n") if part.strip()]
