"""Asks for texts to households, and says before each is sent whether it may go out. Callers commit.

Who said "do not call", about the number anywhere, or withdrew the consent `texts`, is sent none; with `followups.consent_needed`
only who gave it is. Nothing goes out in the quiet hours of calls, nor to a number that is no mobile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.numbers import as_dialled, fits, normalise
from callcenter.site import Site
from callcenter.site.texts import TextGateway
from crm.dialling.rules import Quiet
from crm.followups.calling import NO_NUMBER, whom
from crm.letters.service import Later, Letters, Refused
from crm.notices.words import File, Language
from crm.texts.gateway import CHANNEL
from crm.texts.models import Text
from crm.texts.words import SAYS

CONSENT: Final = "texts"


@dataclass(frozen=True)
class Said:
    """In the text's language, whatever the channel's."""

    text_id: int
    text: str
    file: File | None = None

    @property
    def ident(self) -> str:
        return f"text-{self.text_id}"

    def subject(self, language: Language) -> str:  # noqa: ARG002 - a text has none
        return ""

    def body(self, language: Language, tz: tzinfo) -> str:  # noqa: ARG002
        return self.text


def number_for(session: Session, site: Site, gateway: TextGateway, household_id: int | None, contact_number: str | None) -> str:
    """The first that may be sent a text: who spoke to us, then owners; "" when there is none."""
    found, _ = whom(session, household_id, contact_number, site.followups, CONSENT)
    return next((number for one in found if fits(gateway.numbers, as_dialled(number := normalise(one.number)))), "")


def ask_for(session: Session, purpose: str, subject: str, number: str, household_id: int | None, language: Language,
            now: datetime) -> Text:
    """One text for a purpose and subject, ever. Only where the site has a gateway."""
    row = Text(purpose=purpose, subject=subject, channel=CHANNEL, address=number, household_id=household_id, language=language,
               made_at=now, next_at=now)
    session.add(row)
    session.flush()
    return row


def texts(site: Site) -> Letters[Text]:
    quiet = Quiet(site.dialling, ZoneInfo(site.timezone))
    company = site.company.name

    def says(session: Session, row: Text, now: datetime) -> Said:
        if quiet.holds(now):
            raise Later(quiet.not_before(now))
        found, why = whom(session, row.household_id, row.address, site.followups, CONSENT)
        if row.address not in {normalise(one.number) for one in found}:
            raise Refused(why or NO_NUMBER)
        language: Language = "en" if row.language == "en" else "zh"
        return Said(row.id, SAYS[language, row.purpose].format(company=company.en if language == "en" else company.zh))

    return Letters("texts", Text, says)
