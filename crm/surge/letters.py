"""What a situation report says on its way out of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.letters.service import Letters
from crm.notices.words import File, Language
from crm.surge.models import SurgeLetter, SurgeReport
from crm.surge.paper import number, pdf
from crm.surge.situation import SITUATION, Situation
from crm.surge.words import body, subject

TAKE_NOTE: Final[dict[Language, str]] = {
    "zh": "请登录后确认已阅：{link}", "en": "Please sign in and say that you took note: {link}"}
UNHEARD: Final[dict[Language, str]] = {"zh": "【下级未确认】", "en": "[Nobody below acknowledged] "}


@dataclass(frozen=True)
class _Paper:
    """How the PDF that goes with a mail is made; and where the pages are, "" for no link."""

    sender: str
    language: Language
    tz: tzinfo
    pages: str


class ReportLetter:
    """In the channel's language; its file in the site's, made when a mail asks for it."""

    def __init__(self, row: SurgeLetter, of: Situation, paper: _Paper) -> None:
        self._row, self._of, self._paper = row, of, paper

    @property
    def ident(self) -> str:
        return f"surge-{self._row.id}"

    @cached_property
    def file(self) -> File | None:
        made = pdf(self._of, self._row.report_id, self._paper.sender, self._paper.language, self._paper.tz)
        return File(f"{number(self._row.report_id)}.pdf", "application/pdf", made)

    def subject(self, language: Language) -> str:
        said = subject(self._of, language)
        return f"{UNHEARD[language]}{said}" if self._row.climbed else said

    def body(self, language: Language, tz: tzinfo) -> str:
        link = [TAKE_NOTE[language].format(link=f"{self._paper.pages}/surge")] if self._paper.pages else []
        return "\n".join((body(self._of, language, tz), *link, number(self._row.report_id)))


def surge_letters(site: Site) -> Letters[SurgeLetter]:
    paper = _Paper(site.company.name.zh if site.language == "zh" else site.company.name.en, site.language, ZoneInfo(site.timezone),
                   site.network.pages)

    def says(session: Session, row: SurgeLetter, _now: datetime) -> ReportLetter:
        return ReportLetter(row, SITUATION.validate_python(session.get_one(SurgeReport, row.report_id).facts), paper)

    return Letters("surge_letters", SurgeLetter, says)
