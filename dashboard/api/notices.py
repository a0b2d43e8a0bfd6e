"""`/notices`: what you were told of clocks that warn and are broken, and that you have taken note of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from callcenter.roles import STAFF
from crm.notices import lists, service
from crm.notices.lists import NoticeShown
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import acting
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/notices", tags=["notices"])

Works = Annotated[Actor, Depends(acting(*STAFF), scope="function")]


@router.get("", responses=responses(401, 403, 422, 503))
def list_notices(
    actor: Works, session: Reading,
    past: Annotated[bool, Query(alias="all", description="also those that are acknowledged or whose clock has ended")] = False,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[NoticeShown]:
    """Your own, newest first."""
    return lists.notices(session, actor, all_of_them=past, cursor=cursor, limit=limit)


@router.post("/{notice_id}/acknowledge", responses=responses(401, 403, 404, *ONCE, 503))
def acknowledge_notice(actor: Works, session: Writing, once: Once, services: Given,
                       notice_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> NoticeShown:
    """It climbs no further. The first one who does is kept; for the others the answer says who it was."""
    def work() -> NoticeShown:
        service.acknowledge(session, actor, notice_id, services.clock.now())
        return lists.one(session, actor, notice_id)

    return once(NoticeShown, work)
