"""`/floor/phone`: what a page must know to be the phone of the seat where its agent sits, and nobody else's."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from callcenter.errors import Conflict, Unavailable
from dashboard.api.floor_desk import Own, SeatNumber
from dashboard.problems import responses

router = APIRouter(prefix="/floor", tags=["floor"])


class NotABrowserSeat(Conflict):
    """The seat has a telephone of its own; nobody gets its password."""

    code = "not_a_browser_seat"


class PhoneGiven(BaseModel):
    """For the page's memory only: it is asked for anew at each start, never kept."""

    seat: SeatNumber
    uri: str = Field(description="SIP address to register")
    password: str
    websocket: str = Field(description="where Asterisk is")
    silent_s: int = Field(description="a dead phone in a talk is cut off after this long, even while acd is away")


@router.get("/phone", responses=responses(401, 403, 409, 503))
def phone(own: Own, response: Response) -> PhoneGiven:
    """Of the seat where I sit now, if a browser is its phone."""
    site = own.services.site
    if own.phone not in site.browser_seats:
        raise NotABrowserSeat
    secret = own.services.secrets().get(f"seat-{own.phone}")
    if secret is None:
        raise Unavailable("the seat has no password yet")
    response.headers["Cache-Control"] = "no-store"
    return PhoneGiven(seat=own.phone, uri=f"sip:{own.phone}@sixring", password=secret, websocket=own.services.websocket,
                      silent_s=site.desk.phone_silent)
