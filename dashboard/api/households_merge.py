"""`/households/doubles` and `/merge`: households that are one, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from crm.households import doubles, merge
from crm.households.doubles import Double
from crm.households.merge import MergeShown
from crm.households.schemas import HouseholdShown
from crm.households.shown import as_listed, as_seen
from crm.paging import Page
from dashboard.access import view_of
from dashboard.api.households import Body, Keeps, RowId
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/households", tags=["households"])

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ApartGiven(Body):
    first: RowId
    second: RowId


class MergeGiven(Body):
    """Versions as the preview showed both: a household that somebody changed meanwhile is refused as `changed`."""

    keep: RowId
    lose: RowId
    keep_version: Version
    lose_version: Version


class PreviewShown(BaseModel):
    kept: HouseholdShown
    lost: HouseholdShown
    same_people: list[int] = Field(description="of the household that goes: are already in the one that stays, and become one")
    moving_people: list[int] = Field(description="of the household that goes: move over")
    tags: list[str]
    rows: dict[str, int] = Field(description="how many rows follow, by table")


@router.get("/doubles", responses=responses(401, 403, 422, 503))
def list_doubles(actor: Keeps, session: Reading, services: Given, cursor: Cursor = None, limit: Limit = 50) -> Page[Double]:
    """Pairs that are probably one household: the same room spelled twice, the same person with the same number."""
    found = doubles.doubles(session, actor, cursor=cursor, limit=limit)
    view = view_of(actor, services)
    return Page(items=[Double(as_listed(view, pair.first), as_listed(view, pair.second), pair.why) for pair in found.items],
                next=found.next)


@router.post("/doubles/apart", status_code=204, responses=responses(400, 401, 403, 404, *ONCE, 503))
def keep_apart(actor: Keeps, session: Writing, once: Once, services: Given, given: ApartGiven) -> None:
    """They are two: not listed any more."""
    once(type(None), lambda: doubles.keep_apart(session, actor, given.first, given.second, services.clock.now()))


@router.get("/merge", responses=responses(401, 403, 404, 409, 422, 503))
def preview_merge(actor: Keeps, session: Reading, services: Given, keep: Annotated[RowId, Query()],
                  lose: Annotated[RowId, Query()]) -> PreviewShown:
    """What merging would do."""
    view, found = view_of(actor, services), merge.preview(session, actor, keep, lose)
    return PreviewShown(kept=as_seen(view, found.kept), lost=as_seen(view, found.lost), same_people=list(found.same_people),
                        moving_people=list(found.moving_people), tags=list(found.tags), rows=found.rows)


@router.post("/merge", status_code=201, responses=responses(400, 401, 403, 404, 412, *ONCE, 503))
def merge_households(actor: Keeps, session: Writing, once: Once, services: Given, given: MergeGiven) -> MergeShown:
    """In one act; the id that goes leads to the one that stays from then on."""
    return once(MergeShown, lambda: merge.merge(session, actor, given.keep, given.lose, given.keep_version, given.lose_version,
                                                services.clock.now()))


@router.get("/{household_id}/merges", responses=responses(401, 403, 404, 422, 503))
def list_merges(actor: Keeps, session: Reading, household_id: RowId) -> list[MergeShown]:
    """Newest first."""
    return merge.merges(session, actor, household_id)


@router.post("/merges/{merge_id}/undo", responses=responses(400, 401, 403, 404, *ONCE, 503))
def undo_merge(actor: Keeps, session: Writing, once: Once, services: Given, merge_id: RowId) -> MergeShown:
    """Gives back what was moved; what came since stays where it is."""
    return once(MergeShown, lambda: merge.undo(session, actor, merge_id, services.clock.now()))
