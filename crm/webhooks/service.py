"""Webhooks: set up, changed, removed, looked at. Only whoever sees all of a webhook's estates sees it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound, check_version
from crm.households.models import Estate
from crm.outbox.models import OutboxEntry
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.webhooks.addresses import Allowed
from crm.webhooks.models import Webhook, WebhookDelivery
from crm.webhooks.rules import TESTED, State, check_events, check_url, wants
from crm.webhooks.schemas import DeliveryShown, WebhookChange, WebhookMade, WebhookShown


class Paused(Conflict):
    code = "paused"


KEPT_FOR: Final = timedelta(days=30)
_WEBHOOKS: Final = Order[Webhook]("webhooks", Webhook.id, Webhook.id)
_DELIVERIES: Final = Order[WebhookDelivery]("webhook-deliveries", WebhookDelivery.created_at, WebhookDelivery.id, newest_first=True)


@dataclass(frozen=True)
class Wanted:
    url: str
    events: tuple[str, ...]
    estates: tuple[int, ...] | None = None     # None: all


def subscribe(session: Session, actor: Actor, wanted: Wanted, now: datetime, allowed: Allowed) -> WebhookMade:
    """Raises UrlRefused, EventsRefused, Forbidden for estates that the actor does not see, NotFound for one that there is not."""
    _check(actor, wanted, allowed)
    _must_be_there(session, wanted.estates)
    row = Webhook(url=wanted.url, secret=_new_secret(), events=list(wanted.events),
                  estates=None if wanted.estates is None else sorted(set(wanted.estates)), active=True, version=1,
                  created_at=now, created_by=actor.user_id)
    session.add(row)
    session.flush()
    _audit(session, actor, row, "made", now, url=wanted.url, events=list(wanted.events), estates=row.estates)
    return WebhookMade(webhook=shown(row), secret=row.secret)


def change(session: Session, actor: Actor, webhook_id: int, wish: WebhookChange, now: datetime, if_version: int,
           allowed: Allowed) -> WebhookShown:
    row = _locked(session, actor, webhook_id)
    check_version(row.version, if_version)
    estates = wish.estates if "estates" in wish.model_fields_set else row.estates
    wanted = Wanted(wish.url or row.url, tuple(wish.events or row.events), None if estates is None else tuple(estates))
    _check(actor, wanted, allowed)
    _must_be_there(session, wish.estates)
    if wanted.url != row.url:
        row.failing_since = None     # another receiver: it has failed nothing yet
    row.url, row.events = wanted.url, list(wanted.events)
    row.estates = None if wanted.estates is None else sorted(set(wanted.estates))
    if wish.active is not None and wish.active != row.active:
        row.active = wish.active
        row.disabled_because = None if row.active else "by_hand"
        row.failing_since = None     # it begins anew
    row.version += 1
    _audit(session, actor, row, "changed", now, **wish.model_dump(exclude_unset=True))
    return shown(row)


def new_secret(session: Session, actor: Actor, webhook_id: int, now: datetime) -> WebhookMade:
    """From the next letter on; what is refused until the receiver knows it is tried again."""
    row = _locked(session, actor, webhook_id)
    row.secret = _new_secret()
    row.version += 1
    _audit(session, actor, row, "secret_changed", now)
    return WebhookMade(webhook=shown(row), secret=row.secret)


def unsubscribe(session: Session, actor: Actor, webhook_id: int, now: datetime, if_version: int) -> None:
    """With its deliveries."""
    row = _locked(session, actor, webhook_id)
    check_version(row.version, if_version)
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == row.id))
    session.delete(row)
    _audit(session, actor, row, "removed", now, url=row.url)


def test(session: Session, actor: Actor, webhook_id: int, now: datetime) -> None:
    """A letter to this webhook alone. Raises Paused: nothing is addressed to it, and nobody would be told why nothing came."""
    row = _locked(session, actor, webhook_id)
    if not row.active:
        raise Paused
    note(session, now, TESTED, f"webhook:{row.id}")


def webhook(session: Session, actor: Actor, webhook_id: int) -> WebhookShown:
    row = session.get(Webhook, webhook_id)
    if row is None or not _sees(actor, row):
        raise NotFound(f"webhook {webhook_id}")
    return shown(row)


def webhooks(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[WebhookShown]:
    """They are few: what the actor does not see is left out of its page."""
    rows = session.scalars(_WEBHOOKS.after(select(Webhook), cursor).limit(limit + 1)).all()
    page = _WEBHOOKS.page(rows, limit, lambda row: row)
    return Page(items=[shown(row) for row in page.items if _sees(actor, row)], next=page.next)


def deliveries(session: Session, actor: Actor, webhook_id: int, state: State | None, cursor: str | None,
               limit: int) -> Page[DeliveryShown]:
    """Newest first."""
    webhook(session, actor, webhook_id)
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    rows = session.scalars(_DELIVERIES.after(query, cursor).limit(limit + 1)).all()
    return _DELIVERIES.page(rows, limit, delivery_shown)


def deliver_again(session: Session, actor: Actor, webhook_id: int, delivery_id: int, now: datetime) -> DeliveryShown:
    """Now, and if need be for another day; a delivery that has got through as well."""
    webhook(session, actor, webhook_id)
    row = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if row is None or row.webhook_id != webhook_id:
        raise NotFound(f"delivery {delivery_id}")
    row.state, row.tries, row.next_at = "waiting", 0, now
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="webhook.redelivered",
                 subject=f"webhook:{webhook_id}", detail=json.dumps({"delivery": delivery_id, "event": row.event_id}))
    return delivery_shown(row)


def address_letters(session: Session, entries: Sequence[OutboxEntry], now: datetime) -> int:
    """In the relay's transaction: a delivery for each subscriber of each entry."""
    subscribers = session.scalars(select(Webhook).where(Webhook.active)).all()
    letters = [
        WebhookDelivery(webhook_id=row.id, event_id=entry.id, what=entry.what, body=_body(entry), state="waiting", tries=0,
                        next_at=now, created_at=now)
        for entry in entries for row in subscribers if _is_for(row, entry)]
    session.add_all(letters)
    return len(letters)


def drop_old_deliveries(session: Session, now: datetime) -> int:
    """Those that are over."""
    gone: CursorResult[Any] = session.execute(delete(WebhookDelivery).where(  # type: ignore[assignment]
        WebhookDelivery.created_at < now - KEPT_FOR, WebhookDelivery.state != "waiting"))
    return gone.rowcount


def shown(row: Webhook) -> WebhookShown:
    return WebhookShown(webhook_id=row.id, url=row.url, events=row.events, estates=row.estates, active=row.active,
                        disabled_because=row.disabled_because, failing_since=row.failing_since, created_at=row.created_at,
                        version=row.version)


def delivery_shown(row: WebhookDelivery) -> DeliveryShown:
    return DeliveryShown(delivery_id=row.id, event_id=row.event_id, what=row.what, state=row.state, tries=row.tries,
                         next_at=row.next_at, tried_at=row.tried_at, status=row.status, error=row.error,
                         created_at=row.created_at)


def _is_for(row: Webhook, entry: OutboxEntry) -> bool:
    if entry.what == TESTED:
        return entry.subject == f"webhook:{row.id}"
    return wants(row.events, row.estates, entry.what, entry.estate_id)


def _body(entry: OutboxEntry) -> str:
    return json.dumps({"id": entry.id, "at": entry.at.isoformat(), "what": entry.what, "subject": entry.subject,
                       "estate_id": entry.estate_id, "data": entry.data}, ensure_ascii=False)


def _check(actor: Actor, wanted: Wanted, allowed: Allowed) -> None:
    check_url(wanted.url, allowed)
    check_events(wanted.events)
    if not _covers(actor, wanted.estates):
        raise Forbidden


def _must_be_there(session: Session, estates: Sequence[int] | None) -> None:
    named = set(estates or ())
    if missing := named - set(session.scalars(select(Estate.id).where(Estate.id.in_(named)))):
        raise NotFound(f"estate {min(missing)}")


def _covers(actor: Actor, estates: Sequence[int] | None) -> bool:
    return actor.estates is None or (estates is not None and set(estates) <= actor.estates)


def _sees(actor: Actor, row: Webhook) -> bool:
    return _covers(actor, row.estates)


def _locked(session: Session, actor: Actor, webhook_id: int) -> Webhook:
    row = session.get(Webhook, webhook_id, with_for_update=True)
    if row is None or not _sees(actor, row):
        raise NotFound(f"webhook {webhook_id}")
    return row


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _audit(session: Session, actor: Actor, row: Webhook, action: str, now: datetime, **detail: Any) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"webhook.{action}",
                 subject=f"webhook:{row.id}", detail=json.dumps(detail, ensure_ascii=False) if detail else None)
