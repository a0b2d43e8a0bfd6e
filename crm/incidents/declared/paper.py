"""The written report as a PDF: what, when, where, course, conclusion, photos, signatures (H7). Pure but for the font."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from crm.incidents.declared.models import EmergencyReport
from crm.incidents.declared.words import HEADS, moment
from crm.notices.words import Language
from crm.papers.document import Document, Head
from crm.papers.parts import Figure, Signature
from crm.papers.pictures import PictureUnfit

PARTS = ("what", "occurred", "place", "course", "conclusion")
AFTER = ("causes", "lessons", "insurance")


@dataclass(frozen=True)
class Photo:
    name: str
    content: bytes


@dataclass(frozen=True)
class About:
    """`learnt`: causes, lessons, insurance, as far as they were written."""

    sender: str
    number: str
    type: str
    level: int
    drill: bool
    due_at: datetime | None
    learnt: dict[str, str]


def pdf(report: EmergencyReport, about: About, photos: Sequence[Photo], tz: tzinfo, show: Callable[[str], str] = str) -> bytes:
    """`show`: what the reader sees of a text."""
    language: Language = "zh" if report.language == "zh" else "en"
    heads = HEADS[language]
    at = report.approved_at or report.signed_at or report.drafted_at
    document = Document(Head(sender=about.sender, language=language, at=at, number=about.number, day=moment(at, tz)[:10]))
    document.title(f"{heads['title']}: {about.type}" + (f" ({heads['drill']})" if about.drill else ""))
    document.figures([Figure(heads["number"], about.number), Figure(heads["level"], str(about.level)),
                      *([Figure(heads["signed"], report.signed_by)] if report.signed_by else []),
                      *([Figure(heads["approved"], report.approved_by)] if report.approved_by else [])])
    for part in PARTS:
        document.heading(heads[part])
        for paragraph in (show(getattr(report, part)) or heads["none"]).split("\n"):
            if paragraph.strip():
                document.paragraph(paragraph)
    for part in AFTER:
        if about.learnt.get(part):
            document.heading(heads[part])
            document.paragraph(about.learnt[part])
    if photos:
        document.heading(heads["photos"])
    for photo in photos:
        try:
            document.image(photo.content, width=120, caption=photo.name)
        except PictureUnfit:
            document.small(heads["photo_unfit"].format(name=photo.name))
    if about.due_at is not None and report.signed_at is not None and report.signed_at > about.due_at:
        document.small(heads["late"])
    document.space(6)
    document.signatures([
        Signature(heads["signed"], report.signed_by or "", moment(report.signed_at, tz) if report.signed_at else ""),
        Signature(heads["approved"], report.approved_by or "", moment(report.approved_at, tz) if report.approved_at else "")])
    return document.to_bytes()
