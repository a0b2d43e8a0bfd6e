"""Who is told of what, and each telling."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Base
from crm.webhooks.rules import Because, State, Unanswered


class Webhook(Base):
    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(80))                  # signs, so it is kept as it is
    events: Mapped[list[str]]                                        # patterns: "ticket.*"
    estates: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))   # NULL: all
    active: Mapped[bool] = mapped_column(default=True)
    disabled_because: Mapped[Because | None] = mapped_column(String(20))
    failing_since: Mapped[datetime | None]                           # no delivery has got through since
    version: Mapped[int] = mapped_column(default=1)                  # the ETag; deliveries do not count it up
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class WebhookDelivery(Base):
    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_deliveries_due", "webhook_id", "next_at", sqlite_where=text("next_at IS NOT NULL"),
              postgresql_where=text("next_at IS NOT NULL")))

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[int]                                            # the outbox row's; that one may be gone
    what: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)                          # as it is sent, each time the same bytes
    state: Mapped[State] = mapped_column(String(10), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]                                 # NULL unless it waits
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]                                       # of the last answer
    error: Mapped[Unanswered | None] = mapped_column(String(20))     # why there was none
    created_at: Mapped[datetime] = mapped_column(index=True)

    webhook: Mapped[Webhook] = relationship(lazy="raise")
