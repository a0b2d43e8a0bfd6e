"""Sends what waits, from threads of its own: one after the other to a receiver, several receivers at once.

No transaction is open while a receiver is waited for. A delivery that is being tried is due again a little later, should
this process die meanwhile; so a letter may come twice, with the same id, and is never lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from callcenter.clock import Clock
from crm.database import Database
from crm.outbox.service import note
from crm.staff.actor import SYSTEM
from crm.staff.audit import record_audit
from crm.webhooks.models import Webhook, WebhookDelivery
from crm.webhooks.post import Letter
from crm.webhooks.rules import Reply, is_given_up, next_try, signature

POLL_S: Final = 0.5
RECEIVERS_AT_ONCE: Final = 8
LETTERS_A_TURN: Final = 50
LEASE: Final = timedelta(minutes=2)
FIRST_REST: Final = timedelta(seconds=5)     # of a receiver that fails: its other letters need not fail too
LONGEST_REST: Final = timedelta(minutes=1)

log = structlog.get_logger("webhooks")


@dataclass(frozen=True)
class Taken:
    delivery_id: int
    letter: Letter


class Sender:
    def __init__(self, database: Database, clock: Clock, post: Callable[[Letter], Reply]) -> None:
        self._database = database
        self._clock = clock
        self._post = post
        self._at_work: dict[int, threading.Thread] = {}
        self._rests: dict[int, tuple[datetime, timedelta]] = {}      # until when, and how long

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        """Letters that are on their way at the end come again: nobody waits for a slow receiver."""
        while not stop.is_set():
            try:
                self._hand_out()
            except SQLAlchemyError as error:
                log.warning("webhooks_wait", error=type(error).__name__)
            else:
                yield
            stop.wait(POLL_S)

    def _hand_out(self) -> None:
        self._at_work = {webhook_id: thread for webhook_id, thread in self._at_work.items() if thread.is_alive()}
        for webhook_id in self.due():
            if webhook_id not in self._at_work and len(self._at_work) < RECEIVERS_AT_ONCE:
                self._at_work[webhook_id] = threading.Thread(target=self._turn_of, args=(webhook_id,), daemon=True)
                self._at_work[webhook_id].start()

    def _turn_of(self, webhook_id: int) -> None:
        try:
            self.send_to(webhook_id)
        except SQLAlchemyError as error:
            log.warning("webhook_waits", webhook=webhook_id, error=type(error).__name__)
        except Exception as error:     # of one receiver, and tried again: the others are told meanwhile
            log.critical("webhook_fault", webhook=webhook_id, error=repr(error), exc_info=error)

    def due(self) -> list[int]:
        """Webhooks that have something to send and do not rest."""
        now = self._clock.now()
        with self._database.reading() as session:
            found = session.scalars(
                select(Webhook.id).where(Webhook.active, select(WebhookDelivery.id).where(
                    WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.next_at <= now).exists())).all()
        return [each for each in found if each not in self._rests or self._rests[each][0] <= now]

    def send_to(self, webhook_id: int) -> int:
        """How many letters were tried: what is due, up to the first that fails."""
        for tried in range(LETTERS_A_TURN):
            with self._database.writing.begin() as session:
                taken = _take(session, webhook_id, self._clock.now())
            if taken is None:
                return tried
            reply = self._post(taken.letter)
            with self._database.writing.begin() as session:
                _keep(session, taken.delivery_id, reply, self._clock.now())
            if not reply.is_received:
                self._rest(webhook_id)
                return tried + 1
            self._rests.pop(webhook_id, None)
        return LETTERS_A_TURN

    def _rest(self, webhook_id: int) -> None:
        before = self._rests.get(webhook_id)
        span = FIRST_REST if before is None else min(before[1] * 2, LONGEST_REST)
        self._rests[webhook_id] = (self._clock.now() + span, span)


def _take(session: Session, webhook_id: int, now: datetime) -> Taken | None:
    row = session.scalar(
        select(WebhookDelivery).options(joinedload(WebhookDelivery.webhook, innerjoin=True))
        .join(Webhook).where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.next_at <= now, Webhook.active)
        .order_by(WebhookDelivery.next_at, WebhookDelivery.id).limit(1).with_for_update(skip_locked=True, of=WebhookDelivery))
    if row is None:
        return None
    row.tries, row.tried_at, row.next_at = row.tries + 1, now, now + LEASE
    body = row.body.encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Sixring", "Connection": "close", "Sixring-Event": row.what,
               "Sixring-Delivery": str(row.id), "Sixring-Signature": signature(row.webhook.secret, body, now)}
    return Taken(row.id, Letter(row.webhook.url, headers, body))


def _keep(session: Session, delivery_id: int, reply: Reply, now: datetime) -> None:
    hook = session.scalar(select(Webhook).join(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
                          .with_for_update(of=Webhook))
    if hook is None:
        return     # it was removed meanwhile
    row = session.get_one(WebhookDelivery, delivery_id, with_for_update=True)
    row.status, row.error = reply.status, reply.error
    if reply.is_received:
        row.state, row.next_at, hook.failing_since = "delivered", None, None
        return
    row.next_at = next_try(row.tries, now) if row.tries else now      # 0: it was asked for again meanwhile
    row.state = "waiting" if row.next_at else "failed"
    hook.failing_since = hook.failing_since or now
    if hook.active and is_given_up(hook.failing_since, now):
        hook.active, hook.disabled_because = False, "failing"
        hook.version += 1
        note(session, now, "webhook.disabled", f"webhook:{hook.id}", because="failing")
        record_audit(session, at=now, who=SYSTEM.name, action="webhook.disabled", subject=f"webhook:{hook.id}", detail="failing")
