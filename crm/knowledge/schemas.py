"""What an entry and a script say, as they are written, kept and shown."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from callcenter.text_types import line, plain_lines
from crm.kinds.schema import ID

Language = Literal["zh", "en"]
State = Literal["draft", "approved", "declined", "replaced"]
Use = Literal["greeting", "closing", "nuisance", "press", "safety"]
Danger = Literal["power_cut", "flooding", "gas", "fire", "storm", "earthquake", "theft", "injury", "evacuation", "lift"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
W = TypeVar("W")
_MARKUP: Final = re.compile(r"<[a-zA-Z/!]|!\[|\]\((?!https://)")


def _plain(text: str) -> str:
    """Bold, lists and links to https are all the Markdown there is: what else a page may make of a text is kept out."""
    if _MARKUP.search(text):
        raise ValueError("no HTML, no pictures, and links to https only")
    return text


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Word = Annotated[str, line(40)]
Line = Annotated[str, line(200)]
Prose = Annotated[str, plain_lines(4000), AfterValidator(_plain)]
EstateId = Annotated[int, Field(ge=1, le=2**31 - 1)]
QueueId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
KindId = Annotated[str, StringConstraints(pattern=ID)]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,20}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EntryWords(Part):
    """An entry in one language."""

    question: Line
    similar: Annotated[tuple[Line, ...], Field(max_length=30, description="other ways to ask the same")] = ()
    answer: Annotated[Prose, Field(description="lines, **bold**, lists with `-` or `1.`")]


class ScriptWords(Part):
    title: Line
    text: Annotated[Prose, Field(description="what is read out; `{company}` is the company's name")]


def _spoken(language: Language, zh: W | None, en: W | None) -> tuple[Language, W]:
    """In that language, or in the other one where there is none."""
    if zh is not None and (language == "zh" or en is None):
        return "zh", zh
    assert en is not None  # one of them is there
    return "en", en


class Holds(Part):
    """Where and when it holds."""

    estates: Annotated[tuple[EstateId, ...], Field(max_length=200, description="empty: all")] = ()
    valid_from: Annotated[date | None, Field(description="first local day on which it is shown")] = None
    valid_to: Annotated[date | None, Field(description="last local day")] = None

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("`valid_to` is before `valid_from`")
        return self

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class EntryContent(Holds):
    category: Code
    zh: EntryWords | None = None
    en: EntryWords | None = None

    @model_validator(mode="after")
    def some_language(self) -> Self:
        if self.zh is None and self.en is None:
            raise ValueError("give at least one of zh, en")
        return self

    @property
    def title(self) -> str:
        return self.words("zh")[1].question

    def words(self, language: Language) -> tuple[Language, EntryWords]:
        return _spoken(language, self.zh, self.en)


class ScriptContent(Holds):
    """`kinds`, `queues` and `tags` say for which calls; one that fits is enough, with none of them it is for every call."""

    use: Use
    danger: Annotated[Danger | None, Field(description="of safety instructions, and of nothing else")] = None
    zh: ScriptWords | None = None
    en: ScriptWords | None = None
    kinds: Annotated[tuple[KindId, ...], Field(max_length=30)] = ()
    queues: Annotated[tuple[QueueId, ...], Field(max_length=30)] = ()
    tags: Annotated[tuple[Tag, ...], Field(max_length=30, description="of the caller: nuisance, press, or a household's tag")] = ()

    @model_validator(mode="after")
    def whole(self) -> Self:
        if self.zh is None and self.en is None:
            raise ValueError("give at least one of zh, en")
        if (self.use == "safety") != (self.danger is not None):
            raise ValueError("`danger` belongs to `use: safety`, and is needed there")
        return self

    @property
    def title(self) -> str:
        return self.words("zh")[1].title

    @property
    def category(self) -> None:
        return None

    def words(self, language: Language) -> tuple[Language, ScriptWords]:
        return _spoken(language, self.zh, self.en)


C = TypeVar("C", EntryContent, ScriptContent)


class VersionRead(BaseModel, Generic[C]):
    number: int
    state: State
    at: datetime
    by: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None = Field(description="why it was declined")
    content: C


class ItemRead(BaseModel, Generic[C]):
    item_id: int
    code: str
    version: int = Field(description="the ETag: counts every change")
    newest: int = Field(description="number of the newest version")
    shown: int | None = Field(description="number of the version that is shown; null: none was approved yet")
    retired_at: datetime | None
    versions: list[VersionRead[C]] = Field(description="newest first; those that you may see")


class ItemShown(BaseModel):
    """A line of the list."""

    item_id: int
    code: str
    title: str
    category: str | None
    version: int
    newest: int
    shown: int | None
    waits: bool = Field(description="its newest version is a draft that nobody has decided about")
    updated_at: datetime
    retired_at: datetime | None


class CategoryShown(BaseModel):
    code: Code
    zh: Word
    en: Word
