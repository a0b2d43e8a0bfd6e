"""`/audit`: who did what to which thing, when. For administrators and centre managers; reading it changes nothing of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from callcenter.private import Private
from callcenter.roles import Role
from callcenter.text_types import line
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.audit import AuditFilter, audit_page
from dashboard.access import acting, view_of
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading

router = APIRouter(prefix="/audit", tags=["audit"])

READS_AUDIT = (Role.ADMIN, Role.MANAGER)
CALLER = "caller:"     # rows of before `treatment:<id>`, whose subject is a caller's number

Subject = Annotated[str, line(80, least=0)]
Word = Annotated[str, line(40, least=0)]
Reads = Annotated[Actor, Depends(acting(*READS_AUDIT), scope="function")]


class AuditListed(BaseModel):
    id: int
    at: AwareDatetime
    who: str
    action: str
    subject: str
    detail: str | None
    place: int | None = Field(description="in the chain that `sixring audit verify` checks")
    hash: str | None


class AuditPage(BaseModel):
    items: list[AuditListed]
    next: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


@router.get("", responses=responses(401, 403, 422, 503))
def read_audit(
    actor: Reads, session: Reading, services: Given,
    subject: Annotated[Subject | None, Query(description="a thing, `call:…`; or all of a kind, `call:`")] = None,
    who: Annotated[Word | None, Query()] = None,
    action: Annotated[Word | None, Query()] = None,
    begin: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="not included")] = None,
    cursor: Annotated[str | None, Query(pattern=r"^[1-9][0-9]{0,8}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AuditPage:
    """Newest first."""
    wanted = AuditFilter(subject, who, action, begin, end)
    view = view_of(actor, services)
    found = audit_page(session, wanted, before_id=int(cursor) if cursor else None, limit=limit + 1)
    return AuditPage(items=[AuditListed(id=row.id, at=row.at, who=row.who, action=row.action,
                                        subject=_subject(view, row.subject), detail=row.detail, place=row.place,
                                        hash=row.hash) for row in found[:limit]],
                     next=str(found[limit - 1].id) if len(found) > limit else None)


def _subject(view: View, subject: str) -> str:
    """As it is kept, but for a number: the row itself is sealed and stays."""
    return CALLER + view.show(subject.removeprefix(CALLER), Private.PHONE) if subject.startswith(CALLER) else subject
