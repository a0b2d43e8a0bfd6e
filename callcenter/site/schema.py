"""What a site file may say. Every default of the rulebook is here or in the demo's site.yaml, none is in code."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from callcenter.site.desk import Desk, FollowUps, Notices, Privacy, Repairs, Retention, Webhooks
from callcenter.site.dialling import CallIn, Dialling
from callcenter.site.drills import DrillPolicy
from callcenter.site.forecasts import Forecasts
from callcenter.site.incidents import Incidents
from callcenter.site.outages import Outages
from callcenter.site.parts import (
    NATIONAL_NUMBERS,
    PRIVATE_NUMBERS,
    AgentCode,
    Dialled,
    Extension,
    Ident,
    Key,
    Label,
    NumberPattern,
    Part,
    Seconds,
    Weekday,
    Words,
)
from callcenter.site.posture import Posture
from callcenter.site.surge import SurgePolicy
from callcenter.site.texts import TextGateway

EMERGENCY_HINT = "emergency-hint"       # the prompt that names the key for people in danger


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
    phone: Annotated[Literal["sip", "browser", "mobile"], Field(
        description="browser: the page of whoever sits there is the phone; mobile: the own phone of who was called in")] = "sip"


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
    in_surge: Annotated[tuple[Ident, ...], Field(
        description="what it says in a surge (B6); none named: the first prompt, and `emergency-hint` where it has that")] = ()
    keys: dict[Key, Choice]
    wait: Seconds = 5
    tries: Annotated[int, Field(ge=1, le=5)] = 3
    silent: Choice  # after the last try: where a caller who presses nothing goes

    @property
    def short(self) -> tuple[str, ...]:
        """The fewest words: but nobody in danger has to wait because a key was not named."""
        return self.in_surge or (self.prompts[0], *(prompt for prompt in self.prompts[1:] if prompt == EMERGENCY_HINT))


class Building(Part):
    name: Label
    units: Annotated[int, Field(ge=1, le=20)] = 1
    floors: Annotated[int, Field(ge=1, le=150)] = 1


class Estate(Part):
    id: Ident
    name: Words
    known_as: Annotated[tuple[Label, ...], Field(description="what else lists of households call it, or called it")] = ()
    buildings: tuple[Building, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.id, self.name.zh, self.name.en, *self.known_as)
    office: Annotated[Ident | None, Field(description="the department that joins an emergency call of its households (F5)")] = None


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
    office: Annotated[Ident | None, Field(description="the department that joins where no estate's office is known (F5)")] = None
    repairs: Repairs = Repairs()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    notices: Notices = Notices()
    webhooks: Webhooks = Webhooks()
    followups: FollowUps = FollowUps()
    surge: SurgePolicy = SurgePolicy()
    posture: Posture = Posture()
    outages: Outages = Outages()
    dialling: Dialling = Dialling()
    drills: DrillPolicy = DrillPolicy()
    call_in: CallIn = CallIn()
    incidents: Incidents = Incidents()
    forecasts: Forecasts = Forecasts()
    texts: Annotated[TextGateway | None, Field(description="SMS to households; nothing: none are sent")] = None

    @property
    def estate_ids(self) -> dict[str, str]:
        """An estate's id by whatever a list of households calls it: the id itself, a name in either language, another name."""
        return {name: estate.id for estate in self.estates for name in estate.names}

    @property
    def emergency_queues(self) -> frozenset[str]:
        """Queues to which a key of people in danger leads."""
        choices = [choice for menu in self.menus for choice in (*menu.keys.values(), menu.silent)]
        return frozenset(choice.queue for choice in choices if choice.emergency and choice.queue)

    @property
    def free_seating(self) -> bool:
        """With agents, a primary seat rings once one has signed in there. Without, every seat is its own agent."""
        return bool(self.agents)

    @property
    def browser_seats(self) -> tuple[str, ...]:
        """Seats whose phone is the page of whoever sits there."""
        return tuple(seat.seat for seat in self.seats if seat.phone == "browser")

    @property
    def mobile_seats(self) -> tuple[str, ...]:
        """Seats without a phone: each is lent to somebody who was called in and takes calls on their own mobile."""
        return tuple(seat.seat for seat in self.seats if seat.phone == "mobile")

    def always_on(self, seat: SeatConfig) -> bool:
        """Rings with nobody signed in, whatever has crashed: backup and leaders' seats, and all seats in fixed seating."""
        return seat.kind != "primary" or not self.free_seating
