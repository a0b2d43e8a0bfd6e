"""`/callbacks`: who waits to be rung back; cancelling one, which is audited (A11)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from callcenter.events import Callback
from crm.callbacks import service
from crm.staff.audit import record_audit
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, LEADS, require
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/callbacks", tags=["callbacks"])

OnDesk = Annotated[SignedIn, Depends(require(*DESK))]
Leads = Annotated[SignedIn, Depends(require(*LEADS))]
CallbackId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]


class CallbackList(BaseModel):
    callbacks: list[Callback]


@router.get("", responses=responses(401, 403, 422, 503))
def list_callbacks(
    _: OnDesk, session: Reading, *,
    past: Annotated[bool, Query(alias="all", description="also those that are over, newest first")] = False,
    queue: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CallbackList:
    """Those that are open, in the order in which they were asked for."""
    return CallbackList(callbacks=service.callbacks(session, open_only=not past, queue=queue, limit=limit))


@router.post("/{callback_id}/cancel", responses=responses(401, 403, 404, 409, 422, 503))
def cancel_callback(who: Leads, session: Writing, services: Given, callback_id: CallbackId) -> Callback:
    """Its place leaves the queue within seconds. Refused once the caller is being talked to, or when it is over."""
    now = services.clock.now()
    changed = service.cancel(session, callback_id, now)
    record_audit(session, at=now, who=who.user.name, user_id=who.user.user_id, action="callback.cancelled",
                 subject=f"callback:{callback_id}")
    return changed.callback
