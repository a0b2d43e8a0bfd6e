"""`/webhooks`: which other systems are told what happens at the desk, and whether they have heard it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from callcenter.roles import Role
from crm.paging import Page
from crm.staff.actor import Actor
from crm.webhooks import service
from crm.webhooks.rules import State
from crm.webhooks.schemas import DeliveryShown, NewWebhook, WebhookChange, WebhookMade, WebhookShown
from crm.webhooks.service import Wanted
from dashboard.access import acting
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Admin = Annotated[Actor, Depends(acting(Role.ADMIN), scope="function")]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1), Path()]


@router.get("", responses=responses(401, 403, 422, 503))
def list_webhooks(actor: Admin, session: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[WebhookShown]:
    return service.webhooks(session, actor, cursor, limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def subscribe(actor: Admin, session: Writing, once: Once, services: Given, response: Response, given: NewWebhook) -> WebhookMade:
    """Letters are signed with the secret, which is shown here only."""
    wanted = Wanted(given.url, tuple(given.events), None if given.estates is None else tuple(given.estates))
    made = once(WebhookMade, lambda: service.subscribe(session, actor, wanted, services.clock.now(), services.webhooks))
    response.headers["ETag"] = etag(made.webhook.version)
    return made


@router.get("/{webhook_id}", responses=responses(401, 403, 404, 422, 503))
def webhook(actor: Admin, session: Reading, response: Response, webhook_id: RowId) -> WebhookShown:
    found = service.webhook(session, actor, webhook_id)
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/{webhook_id}", responses=responses(400, 401, 403, 404, *IF_MATCH, 422, 503))
def change_webhook(actor: Admin, session: Writing, if_version: IfMatch, services: Given, response: Response, webhook_id: RowId,
                   given: WebhookChange) -> WebhookShown:
    """One that was disabled begins anew with `active`: what waits is tried."""
    found = service.change(session, actor, webhook_id, given, services.clock.now(), if_version, services.webhooks)
    response.headers["ETag"] = etag(found.version)
    return found


@router.delete("/{webhook_id}", status_code=204, responses=responses(401, 403, 404, *IF_MATCH, 422, 503))
def unsubscribe(actor: Admin, session: Writing, if_version: IfMatch, services: Given, webhook_id: RowId) -> None:
    """With its deliveries."""
    service.unsubscribe(session, actor, webhook_id, services.clock.now(), if_version)


@router.post("/{webhook_id}/secret", responses=responses(401, 403, 404, *ONCE, 503))
def new_secret(actor: Admin, session: Writing, once: Once, services: Given, webhook_id: RowId) -> WebhookMade:
    """The old one signs nothing any more."""
    return once(WebhookMade, lambda: service.new_secret(session, actor, webhook_id, services.clock.now()))


@router.post("/{webhook_id}/test", status_code=202, responses=responses(401, 403, 404, *ONCE, 503))
def test(actor: Admin, session: Writing, once: Once, services: Given, webhook_id: RowId) -> None:
    """Sends `webhook.tested` to this webhook alone; its deliveries tell what came of it."""
    once(type(None), lambda: service.test(session, actor, webhook_id, services.clock.now()))


@router.get("/{webhook_id}/deliveries", responses=responses(401, 403, 404, 422, 503))
def list_deliveries(actor: Admin, session: Reading, webhook_id: RowId, state: Annotated[State | None, Query()] = None,
                    cursor: Cursor = None, limit: Limit = 50) -> Page[DeliveryShown]:
    """Newest first. Those that are over are kept for 30 days."""
    return service.deliveries(session, actor, webhook_id, state, cursor, limit)


@router.post("/{webhook_id}/deliveries/{delivery_id}/again", responses=responses(401, 403, 404, *ONCE, 503))
def deliver_again(actor: Admin, session: Writing, once: Once, services: Given, webhook_id: RowId,
                  delivery_id: RowId) -> DeliveryShown:
    """Now, and if need be for another day."""
    return once(DeliveryShown, lambda: service.deliver_again(session, actor, webhook_id, delivery_id, services.clock.now()))
