"""A kind of ticket, as its definition file says it: form, stages and who moves them, clocks, categories (J4).

Pure. Checks that need two parts of a definition at once (a move to a stage that there is not) are in `references.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from callcenter.roles import STAFF, Role
from callcenter.site.parts import Words

ID: Final = r"^[a-z][a-z0-9_]{0,19}$"
PREFIX: Final = r"^[A-Z]{1,3}$"
Id = Annotated[str, Field(pattern=ID)]
# What a move may need besides fields.
ASSIGNEE: Final = "assignee"
RESERVED: Final = (ASSIGNEE, "category", "household")
CATEGORY: Final = r"^[a-z0-9_]{1,20}(/[a-z0-9_]{1,20}){0,2}$"
TAG: Final = r"^[a-z][a-z0-9-]{0,20}$"
CategoryPath = Annotated[str, Field(pattern=CATEGORY)]
Template = Annotated[str, Field(min_length=1, max_length=1000)]
DAY_ENDS: Final = "day_ends"
_CLOCK_TIME: Final = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")
_SPAN: Final = re.compile(r"^(\d{1,5}s|\d{1,4}(?:m|h|d|wd))$")
_UNITS: Final = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Part):
    """`90s`, `30m`, `24h`, `7d` by the clock's calendar, or `3wd`: to the end of the third working day."""

    length: timedelta = timedelta(0)
    working_days: int = 0


def _span(value: Any) -> Any:
    if isinstance(value, str) and _SPAN.match(value):
        unit = "wd" if value.endswith("wd") else value[-1]
        number = int(value.removesuffix(unit))
        return Span(working_days=number) if unit == "wd" else Span(length=number * _UNITS[unit])
    if isinstance(value, Span):
        return value
    raise PydanticCustomError("span", "`{value}` is no length of time", {
        "value": str(value)[:40], "hint": "a number and s, m, h, d or wd (working days), e.g. 24h"})


AnySpan = Annotated[Span, BeforeValidator(_span)]


def _moment(value: Any) -> Any:
    """Text: as JSON a time without an offset is none."""
    if isinstance(value, str) and (value == DAY_ENDS or _CLOCK_TIME.match(value)):
        return value
    raise PydanticCustomError("moment", "`{value}` is no time of a day", {
        "value": str(value)[:40], "hint": f'"08:00", or {DAY_ENDS} (the site file\'s `desk.day_ends`)'})


Moment = Annotated[str, BeforeValidator(_moment)]


def _who(value: Any) -> Any:
    """One fault for a word that is neither, where the union would give two."""
    words = {role.value: role for role in Role if role in STAFF}
    if value in ("owner", "assignee") or isinstance(value, Role):
        return value
    if isinstance(value, str) and value in words:
        return words[value]
    close = get_close_matches(str(value), [*words, "owner", "assignee"], n=1)
    raise PydanticCustomError("who", "`{value}` is no role", {
        "value": str(value), "hint": f"did you mean `{close[0]}`?" if close else f"one of {', '.join(words)}, owner, assignee"})


Who = Annotated[Role | Literal["owner", "assignee"], BeforeValidator(_who)]
RoleOnly = Annotated[Role, BeforeValidator(_who)]
ASSIGNS: Final = (Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE, "owner", "assignee")


class FieldType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"          # text of a decimal with two places, yuan
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    TIME = "time"            # a moment, ISO 8601 with an offset
    PHONE = "phone"
    PERSON = "person"        # a user's name
    RATING = "rating"        # 1 to 3, as the survey
    FILES = "files"          # ids of attachments


class FieldRule(Part):
    name: Words
    type: FieldType
    required: bool = False               # to open the ticket; `needs` of a move asks for it later
    barred: bool = False                 # of person: who is named here neither owns the ticket nor works on it (D3)
    private: bool = False                # masked, shown on demand, each look logged; the recording pauses while it is open
    options: dict[Id, Words] = Field(default={}, max_length=60)      # of choice and choices
    pattern: str | None = Field(default=None, max_length=200)        # of text: the whole value matches
    least: float | None = None           # of number, money
    most: float | None = None
    longest: int | None = Field(default=None, ge=1, le=10_000)       # characters


class Move(Part):
    who: tuple[Who, ...] = Field(min_length=1)
    only_if: dict[Id, str] = {}          # field → value: an option of a choice, yes or no
    needs: tuple[Id, ...] = ()           # fields that must be filled in, or `assignee`, `category`, `household`
    needs_one: tuple[Id, ...] = ()       # … and at least one of these
    anew: tuple[Id, ...] = ()            # of these, those that must be said with this very move
    name: Words | None = None            # of the button; else the stage's name


class Makes(Part):
    """A ticket of another kind that is made when a ticket gets to a stage; one a ticket, however often it gets there."""

    kind: Id
    category: CategoryPath | None = None
    link: Literal["part", "followup"] = Field(default="part", alias="as")
    owner: Literal["owner", "superior", "nobody"] = "owner"  # superior: of whom the ticket is about (E2)
    only_if: dict[Id, str | tuple[str, ...]] = {}            # field → value, or one of several
    under: CategoryPath | None = None                        # only when the ticket's category is this one, or below it
    fields: dict[Id, Template] = {}                          # {number}, {title}, {category} and fields that are not private


class Gathers(Part):
    """Tickets of another kind that are tied to the one that is made; where there are none, none is made (E8)."""

    kind: Id
    stages: tuple[Id, ...] = Field(min_length=1)
    only_if: dict[Id, str] = {}
    moves_to: Id                                             # those that are in another of the stages


class Recurs(Part):
    """Tickets of the kind make themselves, once a period (J2). A period that nobody was there for is made up as long as it is the
    latest one."""

    every: Literal["day", "week", "month"]
    day: int = Field(default=1, ge=1, le=28)                 # of the month; of the week: 1 is Monday
    at: Moment = "08:00"
    each: Literal["site", "estate", "household"] = "site"
    tag: str | None = Field(default=None, pattern=TAG)       # households that bear it, or estates with one that does
    category: CategoryPath | None = None
    fields: dict[Id, Template] = {}                          # {period}, {count}, {list}
    gathers: Gathers | None = None


class Letters(Part):
    """What a reply letter does with its ticket when it was sent (E6)."""

    file: Id | None = None                                   # field of type files that gets it
    how: Id | None = None                                    # choice: post, mail, hand
    then: Id | None = None                                   # stage that the ticket goes to


class HandIn(Part):
    """Employees hand such tickets in for households (I5): the fields that get what they say."""

    words: Id                            # of texts; as place and contact
    place: Id | None = None              # left out: into the ticket's notes
    contact: Id | None = None            # whom to ask for; likewise
    urgency: Id | None = None            # of type choice; left out: they are not asked


class Stage(Part):
    name: Words
    moves: dict[Id, Move] = {}           # stage → who may move it there
    final: bool = False                  # the ticket is closed in it; a machine closes into the first one of the file
    follow_up: bool = False              # a follow-up is made when a ticket gets here (G1)
    call_back: bool = False              # the caller is rung at once when a ticket gets here (F5): a callback is opened
    makes: tuple[Makes, ...] = Field(default=(), max_length=6)


class Rung(Part):
    """A step of a ladder: so long after the clock was due, these are told and must acknowledge."""

    after: AnySpan = Span()
    tell: Who


class ClockRule(Part):
    """Runs while the ticket is in one of `runs_in`, rests in `pauses_in`, and has ended in any other stage."""

    name: Words
    runs_in: tuple[Id, ...] = Field(min_length=1)
    pauses_in: tuple[Id, ...] = ()
    allowed: AnySpan | None = None                      # the same for every ticket,
    by_field: Id | None = None                          # or by the value of a choice:
    allowed_by: dict[Id, AnySpan] = {}
    until: Id | None = None                             # or a field of type time says when it is due
    calendar: Literal["always", "office"] = "always"
    warn: float = Field(default=0.8, gt=0, lt=1)        # share of the time that is allowed
    announce: Who | None = None                         # is told when it starts
    ladder: tuple[Rung, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.allowed is not None, self.by_field is not None, self.until is not None]
        if sum(ways) != 1:
            raise ValueError("give one of `allowed`, `by_field` (with `allowed_by`) and `until`")
        if (self.by_field is not None) != bool(self.allowed_by):
            raise ValueError("`by_field` and `allowed_by` belong together")
        return self


class Category(Part):
    name: Words
    children: dict[Id, Category] = {}


class Kind(Part):
    kind: Id
    name: Words
    prefix: str = Field(pattern=PREFIX)                 # of ticket numbers
    retired: bool = False                               # no new ones; those that are open go on
    opens_in: Id                                        # stage
    opened_by: tuple[RoleOnly, ...] = Field(min_length=1)
    seen_by: tuple[RoleOnly, ...] = Field(min_length=1)     # besides owner and assignee
    assigned_by: tuple[Who, ...] = ASSIGNS              # who says who works on it
    categories: dict[Id, Category] = Field(default={}, max_length=40)
    fields: dict[Id, FieldRule] = Field(default={}, max_length=60)
    stages: dict[Id, Stage] = Field(min_length=1, max_length=30)
    clocks: dict[Id, ClockRule] = Field(default={}, max_length=12)
    title: str = Field(default="{category}", max_length=200)    # template of the list's line: {category}, {field}
    recurs: Recurs | None = None
    letters: Letters | None = None
    hand_in: HandIn | None = None                               # left out: no employee hands one in (I5)
    counts_as: Literal["complaint"] | None = None               # in which monthly report (E9)

    def final(self, stage: str) -> bool:
        return self.stages[stage].final

    @property
    def first_final(self) -> str:
        return next(name for name, stage in self.stages.items() if stage.final)

    @property
    def category_paths(self) -> frozenset[str]:
        """"water", "water/pipe", …: every node of the tree may be chosen."""
        return frozenset(_paths(self.categories))


def _paths(tree: dict[str, Category], above: str = "") -> list[str]:
    found: list[str] = []
    for name, category in tree.items():
        found += [above + name, *_paths(category.children, f"{above}{name}/")]
    return found
