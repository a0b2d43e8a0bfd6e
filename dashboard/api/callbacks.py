"""`/callbacks`: who waits to be rung back; cancelling one, which is audited (A11)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from callcenter.events import Callback
from callcenter.text_types import line
from crm.callbacks import service
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from dashboard.access import DESK, LEADS, acting, view_of
from dashboard.manners import ONCE, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/callbacks", tags=["callbacks"])

OnDesk = Annotated[Actor, Depends(acting(*DESK), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
CallbackId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]


class CallbackList(BaseModel):
    callbacks: list[Callback]


@router.get("", responses=responses(401, 403, 422, 503))
def list_callbacks(
    actor: OnDesk, session: Reading, services: Given, *,
    past: Annotated[bool, Query(alias="all", description="also those that are over, newest first")] = False,
    queue: Annotated[Annotated[str, line(40, least=0)] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CallbackList:
    """Those that are open, in the order in which they were asked for."""
    found = service.callbacks(session, view_of(actor, services), open_only=not past, queue=queue, limit=limit)
    return CallbackList(callbacks=found)


@router.post("/{callback_id}/cancel", responses=responses(401, 403, 404, *ONCE, 503))
def cancel_callback(who: Leads, session: Writing, services: Given, once: Once, callback_id: CallbackId) -> Callback:
    """Its place leaves the queue within seconds. Refused once the caller is being talked to, or when it is over."""
    def work() -> Callback:
        now = services.clock.now()
        changed = service.cancel(session, who, callback_id, now)
        record_audit(session, at=now, who=who.name, user_id=who.user_id, action="callback.cancelled",
                     subject=f"callback:{callback_id}")
        return service.masked_callback(changed.callback, view_of(who, services))

    return once(Callback, work)
