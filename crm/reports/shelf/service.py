"""Asks a report: the parameters checked, the estate one that the actor sees, no more rows than the form can hold."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.site import Site
from crm.households.models import Estate
from crm.notices.words import Language, Named
from crm.privacy.service import View
from crm.reports.shelf.periods import Days, DaysUnfit
from crm.reports.shelf.report import Ask, Cell, Column, Headline, Name, ParameterUnfit, Report, Row, Sheet, Value
from crm.reports.shelf.shelf import report_for

MOST_SHOWN: Final = 5_000        # rows of an answer in JSON
MOST_PRINTED: Final = 5_000      # on paper
MOST_WRITTEN: Final = 300_000    # in a spreadsheet, which is written row by row


class TooManyRows(Conflict):
    """More rows than this form holds: ask for fewer days, for one estate, or for the XLSX."""

    code = "too_many_rows"
    status = 422


@dataclass(frozen=True)
class Asked:
    """A report with what is asked of it; reading its sheets needs a session."""

    report: Report
    ask: Ask

    def sheets(self, session: Session, most_rows: int) -> Iterator[Sheet]:
        """Whose rows raise TooManyRows when there are more than so many in all."""
        limit = _Limit(most_rows)
        for sheet in self.report.make(session, self.ask):
            yield replace(sheet, rows=limit.of(sheet.rows))


@dataclass(frozen=True)
class Written:
    """What a file holds."""

    rows: int
    headlines: tuple[Headline, ...]


@dataclass(frozen=True)
class SheetShown:
    id: str
    title: Named
    remark: Named | None
    headlines: tuple[Headline, ...]
    columns: tuple[Column, ...]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class ReportShown:
    id: str
    title: Named
    about: Named | None
    days: Days
    given: Mapping[Name, str]
    made_at: datetime
    sheets: list[SheetShown]


def asked(session: Session, view: View, report_id: str, site: Site, tz: ZoneInfo, now: datetime, days: Days,
          given: Mapping[Name, str], language: Language) -> Asked:
    """Raises NotFound (the report, or an estate that the actor does not see), ParameterUnfit, DaysUnfit."""
    report = report_for(view.actor, report_id)
    if not 1 <= days.count <= report.most_days:
        raise DaysUnfit
    known = {parameter.name: parameter.values for parameter in report.parameters}
    wanted = {name: values[0] for name, values in known.items() if values}
    for name, value in given.items():
        if name not in known or (known[name] and value not in known[name]):
            raise ParameterUnfit
        wanted[name] = value
    if Name.ESTATE in wanted:
        _must_see(session, view, wanted[Name.ESTATE])
    return Asked(report, Ask(view, site, tz, now, days, wanted, language))


def shown(session: Session, wanted: Asked) -> ReportShown:
    """As JSON. Raises TooManyRows."""
    sheets = [SheetShown(sheet.id, sheet.title, sheet.remark, sheet.headlines, sheet.columns, [cells(row) for row in sheet.rows])
              for sheet in wanted.sheets(session, MOST_SHOWN)]
    report, ask = wanted.report, wanted.ask
    return ReportShown(report.id, report.title, report.about, ask.days, ask.given, ask.now, sheets)


def cells(row: Sequence[Value | Cell]) -> list[Cell]:
    return [value if isinstance(value, Cell) else Cell(value) for value in row]


def _must_see(session: Session, view: View, estate: str) -> None:
    if not estate.isdecimal() or len(estate) > 9:
        raise ParameterUnfit
    if not view.actor.sees(int(estate)) or session.get(Estate, int(estate)) is None:
        raise NotFound(f"estate {estate}")


class _Limit:
    """Of all sheets together."""

    def __init__(self, most: int) -> None:
        self._left = most

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        found = iter(rows)
        try:
            for row in found:
                if self._left <= 0:
                    raise TooManyRows
                self._left -= 1
                yield row
        finally:
            if isinstance(found, Generator):
                found.close()
