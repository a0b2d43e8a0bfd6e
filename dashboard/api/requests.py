"""`/requests`: any employee hands in a request for a household; the desk does the rest (I5)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict

from callcenter.roles import STAFF, Role
from callcenter.text_types import line
from crm.kinds.schema import ID
from crm.paging import Page
from crm.reports.shelf.periods import Days, DaysUnfit
from crm.requests import listing, service
from crm.requests.rules import Said
from crm.requests.schemas import Figure, Figures, Form, NewRequest, RequestShown, Wanted
from crm.staff.actor import Actor
from dashboard.access import LEADS, acting, view_of
from dashboard.api.tickets import Id, Number, RowId, Text, UserName
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

MOST_DAYS: Final = 400

router = APIRouter(prefix="/requests", tags=["requests"])

Employee = Annotated[Actor, Depends(acting(*STAFF, Role.EMPLOYEE), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
First = Annotated[date, Query(alias="from", ge=date(2000, 1, 1), le=date(2099, 12, 31), description="the site's local day")]
Last = Annotated[date, Query(alias="to", ge=date(2000, 1, 1), le=date(2099, 12, 31), description="the last day, included")]
Place = Annotated[str, line(60)]
PersonName = Annotated[str, line(40)]


class RequestGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Id
    estate_id: RowId
    place: Place
    words: Text
    contact_name: PersonName | None = None
    contact_number: Number | None = None
    urgency: Id | None = None


@router.get("/form", responses=responses(401, 403, 503))
def read_form(actor: Employee, session: Reading) -> Form:
    """Your estates, and the kinds that are handed in (`hand_in` of their definitions)."""
    return service.form(session, actor)


@router.get("/figures", responses=responses(401, 403, 404, 422, 503))
def read_figures(actor: Leads, session: Reading, services: Given, first: First, last: Last,
                 by: Literal["estate", "person"] = "estate",
                 estate_id: Annotated[RowId | None, Query()] = None, person: Annotated[UserName | None, Query()] = None,
                 kind: Annotated[str | None, Query(pattern=ID)] = None) -> Figures:
    """Of what was handed in within these days. The rows: `GET /requests?figure=` with the same filters."""
    days = Days(first, last)
    if not 1 <= days.count <= MOST_DAYS:
        raise DaysUnfit
    return listing.figures(session, actor, Wanted(
        person=person, estate_id=estate_id, kind=kind, since=days.begin(services.timezone), before=days.end(services.timezone)), by)


@router.get("", responses=responses(401, 403, 404, 422, 503))
def list_requests(actor: Employee, session: Reading, services: Given,
                  mine: Annotated[bool, Query(description="for who leads; all others get the own ones in any case")] = False,
                  person: Annotated[UserName | None, Query(description="who handed it in")] = None,
                  estate_id: Annotated[RowId | None, Query()] = None,
                  kind: Annotated[str | None, Query(pattern=ID)] = None,
                  figure: Annotated[Figure, Query(description="those that this figure counts")] = "handed_in",
                  first: First | None = None, last: Last | None = None,
                  cursor: Cursor = None, limit: Limit = 50) -> Page[RequestShown]:
    """Newest first."""
    since = None if first is None else Days(first, first).begin(services.timezone)
    before = None if last is None else Days(last, last).end(services.timezone)
    wanted = Wanted(mine=mine, person=person, estate_id=estate_id, kind=kind, since=since, before=before, figure=figure)
    return listing.requests(session, view_of(actor, services), wanted, cursor=cursor, limit=limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def hand_in(actor: Employee, session: Writing, services: Given, once: Once, given: RequestGiven) -> RequestShown:
    """422 `kind_not_handed_in`, `fields_unfit`. Nobody owns it until somebody of the desk takes it on."""
    new = NewRequest(given.kind, given.estate_id, Said(given.words, given.place, given.contact_name, given.contact_number,
                                                       given.urgency))
    return once(RequestShown, lambda: service.hand_in(session, view_of(actor, services), new, services.clock.now(),
                                                      services.timezone))


@router.get("/{request_id}", responses=responses(401, 403, 404, 422, 503))
def read_request(actor: Employee, session: Reading, services: Given,
                 request_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> RequestShown:
    return listing.request(session, view_of(actor, services), request_id)
