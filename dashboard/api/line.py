"""`/line`: where new calls go (C7). The switch is Asterisk's own; this asks acd, and tells what acd last saw of it.

With acd or Redis dead there is the code *19 at a seat's phone, and `sixring switch`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints

from callcenter.commands import SwitchLine
from callcenter.line import LINE_KEY, LineState, line_state, switch_shown
from callcenter.roles import SEES_BOARD
from crm.staff.schemas import SignedIn
from dashboard.access import SUPERVISES, require
from dashboard.orders import attempt_of, carry_out
from dashboard.problems import responses
from dashboard.services import Given, Services

router = APIRouter(prefix="/line", tags=["floor"])

Sees = Annotated[SignedIn, Depends(require(*SEES_BOARD), scope="function")]
Supervises = Annotated[SignedIn, Depends(require(*SUPERVISES), scope="function")]
To = Annotated[str, StringConstraints(pattern=r"^(announcement|\+?[0-9]{2,20})?$"), Field(
    description="`announcement`, one of `numbers`, or nothing: calls come here")]


class LineGiven(BaseModel):
    to: To


class LineShown(BaseModel):
    to: str = Field(description="as given; a hand may have written something else, which is the announcement. A number is `number` "
                                "to who may not switch")
    since: datetime | None = Field(description="not known of a line that was never switched")
    by: str = Field(description="a user, `phone-` and its seat, or `console`")
    known: bool = Field(description="acd has told; else this is a guess")
    numbers: tuple[str, ...] = Field(description="outside numbers of the site file to which it may be switched; none for others")


@router.get("", responses=responses(401, 403, 503))
def line(who: Sees, services: Given) -> LineShown:
    """Where it goes is for everybody at the board; the numbers, which are mobiles of staff, for who may switch."""
    told = services.asker.told(LINE_KEY)
    state = line_state(told or "")
    shown = _shown(services, state, known=told is not None)
    return shown if who.user.roles & SUPERVISES else shown.model_copy(update={"to": switch_shown(state).to, "numbers": ()})


@router.put("", responses=responses(401, 403, 404, 409, 422, 503))
def switch_line(who: Supervises, services: Given, given: LineGiven) -> LineShown:
    """For every new call, from now on; who is on the line stays where they are."""
    command = SwitchLine(given.to)
    carry_out(services, who, command, attempt_of("line.switch", "line", command))
    return _shown(services, LineState(given.to, services.clock.now(), who.user.name), known=True)


def _shown(services: Services, state: LineState, *, known: bool) -> LineShown:
    return LineShown(to=state.to, since=state.since, by=state.by, known=known,
                     numbers=services.site.posture.evacuation.numbers)
