"""Webhooks as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from callcenter.text_types import line
from crm.webhooks.rules import Because, State, Unanswered

Url = Annotated[str, line(500, strip=False), Field(
    description="https; http only to this machine, and the inside only where the site file allows it")]
Events = Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(
    min_length=1, max_length=20, description="what is told: `*`, `ticket.*`, `ticket.opened`")]
Estates = Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1)]], Field(
    max_length=200, description="of which estates; what belongs to none is told too. Null: all")]


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Url
    events: Events
    estates: Estates | None = None


class WebhookChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    events: Events | None = None
    estates: Estates | None = None      # null, when it is sent, means all
    active: bool | None = None


class WebhookShown(BaseModel):
    webhook_id: int
    url: str
    events: list[str]
    estates: list[int] | None
    active: bool
    disabled_because: Because | None = Field(description="failing: nothing got through for three days")
    failing_since: AwareDatetime | None
    created_at: AwareDatetime
    version: int


class WebhookMade(BaseModel):
    webhook: WebhookShown
    secret: str = Field(description="signs each letter; it is not shown again")


class DeliveryShown(BaseModel):
    delivery_id: int
    event_id: int = Field(description="`id` of the letter")
    what: str
    state: State
    tries: int
    next_at: AwareDatetime | None
    tried_at: AwareDatetime | None
    status: int | None = Field(description="of the last answer")
    error: Unanswered | None = Field(
        description="why there was no answer")
    created_at: AwareDatetime
