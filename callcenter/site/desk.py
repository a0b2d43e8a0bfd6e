"""What a site file may say of the desk: its day, its letters and robots, repairs, follow-ups, privacy, what is forgotten."""

from __future__ import annotations

from datetime import time
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from callcenter.private import Private
from callcenter.roles import Role
from callcenter.site.parts import LOOPBACKS, Address, Ident, Part, Seconds, UserName


class Retention(Part):
    """What a site file does not name stays for ever: no update forgets what nobody decided to forget."""

    recordings_days: Annotated[int, Field(ge=1)] = 180
    calls_months: Annotated[int, Field(ge=1, le=600, description="then nobody can tell any more who called")] | None = None
    tickets_months: Annotated[int, Field(ge=1, le=600, description="after closing; then what is private goes")] | None = None
    audit_years: Annotated[int, Field(ge=1, le=50)] | None = None


AT_THE_DESK = (Role.AGENT, Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.SPOKESPERSON)


class Privacy(Part):
    """Who sees personal data without a mask, by kind, and who may look at one value with a reason (each look is logged)."""

    unmasked: dict[Private, tuple[Role, ...]] = Field(default={
        Private.NAME: (*AT_THE_DESK, Role.OFFICE), Private.TEXT: (*AT_THE_DESK, Role.OFFICE, Role.ENGINEER),
    })
    reveal: tuple[Role, ...] = (*AT_THE_DESK, Role.OFFICE, Role.ENGINEER)


class MailTo(Part):
    """Who is meant: by role, and of these estates only."""

    address: Address
    tell: Annotated[tuple[Role, ...], Field(min_length=1)]
    estates: Annotated[tuple[Ident, ...], Field(description="none: of all")] = ()


class Mail(Part):
    """The company's mail server. The password is the secret `smtp`."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,100}$")]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    tls: Annotated[Literal["starttls", "tls", "none"], Field(description="none: on this machine only")] = "starttls"
    user: Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{0,100}$")] = ""
    sender: Address = Field(alias="from")
    to: tuple[MailTo, ...] = ()
    people: dict[UserName, Address] = Field(default={}, description="by user name: of whoever owns a ticket or works on it")

    @model_validator(mode="after")
    def open_on_loopback_only(self) -> Self:
        if self.tls == "none" and self.host not in LOOPBACKS:
            raise ValueError("mail goes through a network with `tls: starttls` or `tls: tls` only")
        return self


class Robot(Part):
    """A group chat's robot. What is secret of its address is the secret `robot-<id>`, the key that it signs with
    `robot-<id>-sign`."""

    id: Ident
    kind: Literal["wecom", "dingtalk", "feishu"]
    url: Annotated[str, StringConstraints(
        pattern=r"^(https://[A-Za-z0-9.-]{1,100}|http://127\.0\.0\.1)(:[0-9]{2,5})?(/[A-Za-z0-9._/-]{0,200})?$"),
        Field(description="without its key, e.g. https://qyapi.weixin.qq.com/cgi-bin/webhook/send")]
    signed: Annotated[bool, Field(description="DingTalk and Feishu: with its signing key")] = False
    tell: Annotated[tuple[Role, ...], Field(min_length=1)]
    estates: Annotated[tuple[Ident, ...], Field(description="none: of all")] = ()
    language: Literal["zh", "en"] | None = None

    @model_validator(mode="after")
    def wecom_does_not_sign(self) -> Self:
        if self.signed and self.kind == "wecom":
            raise ValueError("WeCom's robots have no signing key")
        return self


class Notices(Part):
    """How people are told of clocks that warn and are broken. The pages always do; these besides."""

    acknowledge_within: Annotated[int, Field(ge=60, le=86_400, description="s; then it goes one up")] = 600
    mail: Mail | None = None
    robots: tuple[Robot, ...] = ()


class Desk(Part):
    """What an agent's working day is held to; the rulebook's defaults."""

    misses: Annotated[int, Field(ge=1, le=20, description="calls not answered in a row before an agent is set away")] = 3
    fault_after: Annotated[int, Field(ge=3, le=60, description="s; a phone that is gone so long is a seat fault (C1)")] = 6
    wrapup_extension: Annotated[int, Field(ge=10, le=1800, description="s; the longest that a wrap-up is extended to")] = 300
    call_minutes: Annotated[int, Field(ge=1, le=120, description="A4")] = 10
    recording_pause: Annotated[int, Field(ge=1, le=1800, description="s; the longest that recording is paused (A8)")] = 120
    park: Annotated[int, Field(ge=1, le=1800, description="s; then a parked caller comes back")] = 60
    warn_before: Annotated[int, Field(ge=10, le=600, description="s before the limit")] = 60
    callback_tries: Annotated[int, Field(ge=1, le=10)] = 3
    phone_silent: Annotated[int, Field(ge=3, le=600, description="s without sound after which a seat's phone is cut off")] = 30
    callback_retry: Annotated[int, Field(ge=5, le=86_400, description="s between two tries")] = 600
    day_ends: Annotated[time, Field(description="what is compiled at the end of each day is compiled then (E8)")] = time(18)
    callback_offer: Annotated[int, Field(ge=5, le=3600, description="s of expected wait from which a callback is offered")] = 60


class FollowUps(Part):
    """Calls of our own accord (G): when, how often, how many households a year; and for how long an incident is known (H6)."""

    calls_from: time = time(9)
    calls_until: Annotated[time, Field(description="quiet from then on, but for times that a household has named")] = time(20)
    on_holidays: bool = False
    consent_needed: Annotated[bool, Field(description="ring only who agreed to `calls`; who withdrew it is never rung")] = False
    claim_minutes: Annotated[int, Field(ge=1, le=240, description="an agent holds a task for so long")] = 15
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    busy_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    retry_hours: Annotated[int, Field(ge=1, le=168, description="between two tries in vain")] = 4
    share: Annotated[float, Field(gt=0, le=1, description="of households a year, for new plans")] = 0.5
    known_hours: Annotated[int, Field(ge=1, le=720, description="further calls are about the same incident for so long")] = 12

    @model_validator(mode="after")
    def some_hours(self) -> Self:
        if self.calls_from >= self.calls_until:
            raise ValueError("`calls_from` comes before `calls_until`")
        return self


class Webhooks(Part):
    """Other systems that are told over HTTPS what happens at the desk stand outside, unless they are named here."""

    private_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(
        description="inside, but allowed: 10.20.0.0/16; 127.0.0.0/8 for a receiver on this machine")] = ()


class Repairs(Part):
    """How repairs are given out and followed (F)."""

    dispatch: Literal["by_hand", "automatic"] = "by_hand"      # automatic: the best engineer on duty gets it at once
    rework_days: Annotated[int, Field(ge=1, le=730, description="the same again within so long is proposed as rework")] = 30
    phone_slack_s: Seconds = 120                               # an engineer's clock that is off by less is not
    sent_late_h: Annotated[int, Field(ge=1, le=720, description="a step that arrives so long after it was done is flagged")] = 24
    # An open order weighs urgency × grade; what has none counts as 1.
    weights: dict[Annotated[str, StringConstraints(pattern=r"^(urgent|ordinary|complex|a|b|c)$")],
                  Annotated[float, Field(gt=0, le=100)]] = Field(default={
        "urgent": 2, "ordinary": 1, "complex": 2, "a": 0.5, "b": 1, "c": 2})
