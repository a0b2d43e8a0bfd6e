"""`/ledgers`: lists of what makes itself (J2)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from callcenter.roles import Role
from crm.ledgers import vacant
from crm.ledgers.vacant import VacantFlat
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import DESK, acting
from dashboard.manners import Cursor, Limit
from dashboard.problems import responses
from dashboard.services import Reading

router = APIRouter(prefix="/ledgers", tags=["ledgers"])

Acts = Annotated[Actor, Depends(acting(*DESK, Role.OFFICE, Role.ENGINEER), scope="function")]


@router.get("/vacant-flats", responses=responses(401, 403, 422, 503))
def vacant_flats(actor: Acts, session: Reading, estate_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
                 cursor: Cursor = None, limit: Limit = 50) -> Page[VacantFlat]:
    """The list of vacant flats, by room: the last check, the open one, open repairs. Vacant is who bears the tag `vacant`."""
    return vacant.vacant_flats(session, actor, estate_id, cursor=cursor, limit=limit)
