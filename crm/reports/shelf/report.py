"""What a report is: who may see it, what it asks for, and the sheets that it gives. Whoever has one to add makes a `Report`
and a line in `shelf.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from callcenter.roles import Role
from callcenter.site import Site
from crm.notices.words import Language, Named
from crm.privacy.service import View
from crm.reports.shelf.periods import Days

LEADS: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.ADMIN})
API: Final = "/api/v1"
BATCH: Final = 500       # rows

Value = str | int | float | Decimal | datetime | date | None


class Type(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    SHARE = "share"          # 0 to 1
    SECONDS = "seconds"
    TIME = "time"            # a moment
    DAY = "day"
    MONEY = "money"


class Name(StrEnum):
    """What a report may ask for besides its days."""

    ESTATE = "estate_id"
    TEAM = "team"
    AGENT = "agent"
    QUEUE = "queue"
    KIND = "kind"            # of tickets
    CLOCK = "clock"
    BY = "by"
    INTERVAL = "interval"
    WHICH = "which"          # of the rows


class ParameterUnfit(Conflict):
    """Something that this report does not ask for, or a value that it does not know."""

    code = "parameter_unfit"
    status = 422


@dataclass(frozen=True)
class Parameter:
    """`values`: no others; the first one when none is said. Without, any is taken, and none is all."""

    name: Name
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """`words`: what the codes of a text column are called; JSON has the codes, files the words. `width`: beside the others, on
    paper."""

    id: str
    title: Named
    type: Type = Type.TEXT
    words: Mapping[str, Named] = field(default_factory=dict)
    width: float = 1


@dataclass(frozen=True)
class Cell:
    """`rows`: the address of what stands behind a figure (`ask.link`, or a path of the API)."""

    value: Value
    rows: str | None = None


Row = Sequence[Value | Cell]


@dataclass(frozen=True)
class Headline:
    """A figure of the whole, for a sheet's head and for a message to a robot."""

    title: Named
    type: Type
    value: Value
    rows: str | None = None


@dataclass(frozen=True)
class Sheet:
    """`rows` are read once, within the session that the report was given: a long list is a generator."""

    id: str
    title: Named
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    headlines: tuple[Headline, ...] = ()
    remark: Named | None = None


@dataclass(frozen=True)
class Ask:
    """What somebody asks of a report. Estates: `estates` is what may be counted; rights and masks come with `view`."""

    view: View
    site: Site
    tz: ZoneInfo
    now: datetime
    days: Days
    given: Mapping[Name, str] = field(default_factory=dict)
    language: Language = "zh"

    @property
    def begin(self) -> datetime:
        return self.days.begin(self.tz)

    @property
    def end(self) -> datetime:
        return self.days.end(self.tz)

    @property
    def estate_id(self) -> int | None:
        return int(self.given[Name.ESTATE]) if Name.ESTATE in self.given else None

    @property
    def estates(self) -> frozenset[int] | None:
        """Of these alone; None: of all. With the one that was asked for, what belongs to none is left out."""
        return frozenset({self.estate_id}) if self.estate_id is not None else self.view.actor.estates

    def get(self, name: Name) -> str | None:
        return self.given.get(name)

    def link(self, report: str, **also: str | int | None) -> str:
        """Another report, or this one, of the same days and parameters; `also` adds to them, None takes one away."""
        named = {name.value: value for name, value in self.given.items()}
        wanted = {"from": self.days.first.isoformat(), "to": self.days.last.isoformat(), **named, **also}
        return api(f"/reports/{report}", **wanted)


def api(path: str, **query: str | int | None) -> str:
    """An address of the API; what is None is not said."""
    said = {name: value for name, value in query.items() if value is not None}
    return f"{API}{path}" + (f"?{urlencode(said)}" if said else "")


def streamed(session: Session, query: Any) -> Iterator[Any]:
    """The rows of a long list, some hundred at a time; what the database holds of it is given back also when nobody reads on."""
    with session.execute(query.execution_options(yield_per=BATCH)) as found:
        yield from found


Make = Callable[[Session, Ask], Sequence[Sheet]]


@dataclass(frozen=True)
class Report:
    """`make` finds the parameters checked: only those that are named here, with values that they may have."""

    id: str
    title: Named
    roles: frozenset[Role]
    make: Make
    parameters: tuple[Parameter, ...] = ()
    about: Named | None = None       # what is counted, in a sentence
    most_days: int = 400
    of_tickets: bool = True          # it may tell of tickets: whom one of them is about is not sent it (D3)

    def values(self, name: Name) -> tuple[str, ...]:
        return next((parameter.values for parameter in self.parameters if parameter.name is name), ())
