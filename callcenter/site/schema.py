"""What a site file may say. Every default of the rulebook is here or in the demo's site.yaml, none is in code.

Identifiers (`id`, seats, prompt names) are restricted to characters that mean nothing to the dialplan.
"""

from __future__ import annotations

from datetime import date, time
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from callcenter.private import Private
from callcenter.roles import Role

Ident = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
Dialled = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
AgentCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[^\r\n\";,|$\[\]{}()\\]{1,60}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NumberPattern = Annotated[str, StringConstraints(pattern=r"^([0-9XZN]|\[[0-9]+(-[0-9]+)*\]){1,20}\.?$")]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,100}$")]
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")]
LOOPBACKS = ("127.0.0.1", "localhost")


# Mobiles; landlines with their area code (010, 02x, 0xxx), without, and as a trunk may show them, with 86. 0900, 00 (abroad),
# 16x and other dear numbers are none of these.
PRIVATE_NUMBERS = (
    "1[3-9]XXXXXXXXX", "861[3-9]XXXXXXXXX",
    "010ZXXXXXXX", "02XZXXXXXXX", "0[3-8]ZXZXXXXXX", "0[3-8]ZXZXXXXXXX", "09ZXZXXXXXX", "09ZXZXXXXXXX",
    "0701ZXXXXXX", "090ZZXXXXXX",
    "8610ZXXXXXXX", "862XZXXXXXXX", "86[3-8]ZXZXXXXXX", "86[3-8]ZXZXXXXXXX", "869ZXZXXXXXX", "869ZXZXXXXXXX",
    "[2-8]XXXXXX", "[2-8]XXXXXXX",
)
# … and to whom an agent passes somebody on: emergency numbers and enquiries, 12345 and the like, 95… and 96…, 400 and 800.
NATIONAL_NUMBERS = (*PRIVATE_NUMBERS, "1[12]X", "123XX", "95XXX", "96XXX", "95XXXX", "96XXXX", "400XXXXXXX", "800XXXXXXX")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Part):
    """A name in both languages."""

    zh: Label
    en: Label


class Company(Part):
    name: Words


class Number(Part):
    """A hotline number and the menu where its callers begin."""

    number: Dialled
    menu: Ident
    night_menu: Ident | None = None


class Trunk(Part):
    """Where outside calls come from and go to. `loopback` is this machine only, the demo and the tests: outside numbers ring
    at `outbound`, which is the instance's port for them when it is not given."""

    kind: Literal["loopback", "ip", "register"] = "loopback"
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,100}$")] = "127.0.0.1"
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+._-]{0,60}$")] = ""
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = ("alaw", "ulaw")
    outbound: Annotated[str, StringConstraints(pattern=r"^(127\.[0-9.]{5,11}:[0-9]{2,5})?$")] = ""

    @model_validator(mode="after")
    def outbound_on_loopback_only(self) -> Self:
        if self.outbound and self.kind != "loopback":
            raise ValueError("`outbound` belongs to `kind: loopback`; a real trunk dials its `host`")
        return self


class Network(Part):
    """Where SIP and media listen. Loopback by default: a hotline is opened to a network by decision, not by accident."""

    bind: Annotated[str, StringConstraints(pattern=r"^[0-9.]{7,15}$")] = "127.0.0.1"
    external: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{0,100}$")] = ""
    local: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9.]{7,15}/[0-9]{1,2}$")], ...] = ()
    websocket: Annotated[str, StringConstraints(pattern=r"^(wss?://[A-Za-z0-9.:-]{1,100}(/[A-Za-z0-9._/-]{0,100})?)?$"), Field(
        description="where browsers' phones reach Asterisk through the proxy; by default its own port, on this machine only")] = ""
    pages: Annotated[str, StringConstraints(pattern=r"^(https?://[A-Za-z0-9.:-]{1,100})?$"), Field(
        description="where people reach the pages: links in reports begin with it; none without it")] = ""


class Opening(Part):
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    start: time = Field(alias="from")
    end: time = Field(alias="to")


class Schedule(Part):
    """Business hours; outside them, and on closed days, callers take the number's night menu (A12)."""

    hours: tuple[Opening, ...]
    calendar: Literal["CN", "none"] = "CN"
    open_days: tuple[date, ...] = ()
    closed_days: tuple[date, ...] = ()


class Ring(Part):
    """Ringback in China is 1 s on, 4 s off: one ring is 5 s (A1, A2)."""

    seconds: Annotated[int, Field(ge=1, le=10)] = 5
    answer_within: Annotated[int, Field(ge=1, le=10)] = 2
    overflow_after: Annotated[int, Field(ge=1, le=12)] = 6


class SeatConfig(Part):
    seat: Extension
    name: Label
    kind: Literal["primary", "backup", "leader"] = "primary"
    phone: Annotated[Literal["sip", "browser"], Field(description="browser: the page of whoever sits there is the phone")] = "sip"


class AgentConfig(Part):
    """An agent as the first start makes one; afterwards the database says what holds, and the API changes it."""

    code: AgentCode
    name: Label
    team: Ident | None = None
    skills: dict[Ident, Annotated[int, Field(ge=1, le=9, description="1 is best")]]
    languages: Annotated[tuple[Literal["zh", "en"], ...], Field(min_length=1)] = ("zh",)
    estates: tuple[Ident, ...] = ()
    user: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")] | None = None
    spokesperson: bool = False
    leader: bool = False


class Team(Part):
    id: Ident
    name: Words


class Department(Part):
    """Somebody outside the hotline to whom a call can be passed on (A9): a seat or an outside number."""

    id: Ident
    name: Words
    seat: Extension | None = None
    number: Dialled | None = None

    @model_validator(mode="after")
    def one_of(self) -> Self:
        if (self.seat is None) == (self.number is None):
            raise ValueError("give exactly one of seat, number")
        return self


class Stage(Part):
    """A step of the overflow chain after the primary agents. Who is reached further on also goes on being rung before."""

    to: Literal["backup", "teams", "outside"]
    seconds: Seconds = Field(default=60, alias="for")
    when: Literal["always", "open", "closed"] = "always"
    numbers: tuple[Dialled, ...] = ()

    @model_validator(mode="after")
    def numbers_outside_only(self) -> Self:
        if (self.to == "outside") != bool(self.numbers):
            raise ValueError("`numbers` belongs to `to: outside`, and is needed there")
        return self


class QueueConfig(Part):
    """Callers wait here. First the agents with the skill; from the sixth ring the stages of `chain`, one after the other;
    then the caller is offered a message. `seats` are home: in fixed seating, and when an agent signs in while acd is dead."""

    id: Ident
    name: Words
    seats: Annotated[tuple[Extension, ...], Field(min_length=1)]
    backup: tuple[Extension, ...] = ()
    chain: tuple[Stage, ...] | None = None
    strategy: Literal["ringall", "rrmemory", "leastrecent", "fewestcalls", "random", "linear"] = "rrmemory"
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    seat_ring: Annotated[int, Field(ge=1, le=6, description="rings before the next seat is tried")] = 2
    backup_for: Seconds = 60
    estate_first: Annotated[int, Field(ge=0, le=25, description="seconds in which the estate's own team rings alone")] = 0
    language_first: Annotated[int, Field(ge=0, le=25, description="seconds for who speaks the caller's language")] = 0
    last_agent: Annotated[int, Field(ge=0, le=25, description="seconds for the agent of the caller's open ticket")] = 0
    wrapup: Annotated[int, Field(ge=0, le=600)] = 10
    service_level: Seconds = 20
    press: Annotated[bool, Field(description="only spokespersons answer here (D4)")] = False

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The chain after the primary agents, as it is carried out."""
        if self.chain is not None:
            return self.chain
        if self.press and not self.backup:
            return ()
        return (Stage.model_validate({"to": "backup", "for": self.backup_for}),)


class Choice(Part):
    """What a key does: exactly one of these."""

    queue: Ident | None = None
    menu: Ident | None = None
    prompt: Ident | None = None
    language: Literal["zh", "en"] | None = None
    repeat: bool = False
    message: bool = False
    emergency: Annotated[bool, Field(description="with `queue`: ahead of everybody else in it (F5)")] = False

    @model_validator(mode="after")
    def one_of(self) -> Self:
        given = [n for n in ("queue", "menu", "prompt", "language", "repeat", "message") if getattr(self, n)]
        if len(given) != 1:
            raise ValueError("give exactly one of queue, menu, prompt, language, repeat, message")
        if self.emergency and not self.queue:
            raise ValueError("`emergency` belongs to `queue`")
        return self


class Menu(Part):
    id: Ident
    prompts: Annotated[tuple[Ident, ...], Field(min_length=1)]
    keys: dict[Key, Choice]
    wait: Seconds = 5
    tries: Annotated[int, Field(ge=1, le=5)] = 3
    silent: Choice  # after the last try: where a caller who presses nothing goes


class Building(Part):
    name: Label
    units: Annotated[int, Field(ge=1, le=20)] = 1
    floors: Annotated[int, Field(ge=1, le=150)] = 1


class Estate(Part):
    id: Ident
    name: Words
    buildings: tuple[Building, ...] = ()


class Retention(Part):
    """What a site file does not name stays for ever: no update forgets what nobody decided to forget."""

    recordings_days: Annotated[int, Field(ge=1)] = 180
    calls_months: Annotated[int, Field(ge=1, le=600, description="then nobody can tell any more who called")] | None = None
    tickets_months: Annotated[int, Field(ge=1, le=600, description="after closing; then what is private goes")] | None = None
    audit_years: Annotated[int, Field(ge=1, le=50)] | None = None


AT_THE_DESK = (Role.AGENT, Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.SPOKESPERSON)


class Privacy(Part):
    """Who sees personal data without a mask, by kind, and who may look at one value with a reason (each look is logged)."""

    unmasked: dict[Private, tuple[Role, ...]] = {
        Private.NAME: (*AT_THE_DESK, Role.OFFICE), Private.TEXT: (*AT_THE_DESK, Role.OFFICE, Role.ENGINEER),
    }
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
    people: Annotated[dict[UserName, Address], Field(description="by user name: of whoever owns a ticket or works on it")] = {}

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


class Limits(Part):
    lookup_ms: Annotated[int, Field(ge=50, le=2000, description="how long a caller's look-up may hold the call")] = 300
    short_abandon: Seconds = 5
    message: Seconds = 120
    survey: bool = True
    callback_numbers: Annotated[tuple[NumberPattern, ...], Field(
        description="who may be rung back; whatever a caller typed or showed")] = PRIVATE_NUMBERS
    outside_numbers: Annotated[tuple[NumberPattern, ...], Field(
        description="to whom agents may pass a caller on, besides the departments; none: to nobody outside")] = NATIONAL_NUMBERS
    max_calls: Annotated[int, Field(ge=1, le=10_000)] = 500


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
                  Annotated[float, Field(gt=0, le=100)]] = {
        "urgent": 2, "ordinary": 1, "complex": 2, "a": 0.5, "b": 1, "c": 2}


class Site(Part):
    version: Literal["1"]
    company: Company
    timezone: str = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"
    numbers: Annotated[tuple[Number, ...], Field(min_length=1)]
    trunk: Trunk = Trunk()
    network: Network = Network()
    schedule: Schedule
    ring: Ring = Ring()
    limits: Limits = Limits()
    desk: Desk = Desk()
    seats: Annotated[tuple[SeatConfig, ...], Field(min_length=1)]
    teams: tuple[Team, ...] = ()
    agents: tuple[AgentConfig, ...] = ()
    departments: tuple[Department, ...] = ()
    queues: Annotated[tuple[QueueConfig, ...], Field(min_length=1)]
    menus: Annotated[tuple[Menu, ...], Field(min_length=1)]
    estates: tuple[Estate, ...] = ()
    repairs: Repairs = Repairs()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    notices: Notices = Notices()
    webhooks: Webhooks = Webhooks()
    followups: FollowUps = FollowUps()

    @property
    def free_seating(self) -> bool:
        """With agents, a primary seat rings once one has signed in there. Without, every seat is its own agent."""
        return bool(self.agents)

    @property
    def browser_seats(self) -> tuple[str, ...]:
        """Seats whose phone is the page of whoever sits there."""
        return tuple(seat.seat for seat in self.seats if seat.phone == "browser")

    def always_on(self, seat: SeatConfig) -> bool:
        """Rings with nobody signed in, whatever has crashed: backup and leaders' seats, and all seats in fixed seating."""
        return seat.kind != "primary" or not self.free_seating
