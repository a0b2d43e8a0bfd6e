"""What a site file may say. Every default of the rulebook is here or in the demo's site.yaml, none is in code.

Identifiers (`id`, seats, prompt names) are restricted to characters that mean nothing to the dialplan.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Ident = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
Dialled = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
Label = Annotated[str, StringConstraints(pattern=r"^[^\r\n\";,|$\[\]{}()\\]{1,60}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Seconds = Annotated[int, Field(ge=1, le=3600)]


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
    """Where outside calls come from. `loopback` takes calls from this machine only: the demo and the tests."""

    kind: Literal["loopback", "ip", "register"] = "loopback"
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,100}$")] = "127.0.0.1"
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+._-]{0,60}$")] = ""
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = ("alaw", "ulaw")


class Network(Part):
    """Where SIP and media listen. Loopback by default: a hotline is opened to a network by decision, not by accident."""

    bind: Annotated[str, StringConstraints(pattern=r"^[0-9.]{7,15}$")] = "127.0.0.1"
    external: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{0,100}$")] = ""
    local: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9.]{7,15}/[0-9]{1,2}$")], ...] = ()


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
    browser: bool = False


class QueueConfig(Part):
    """Callers wait here. First `seats` ring; at the last ring `backup` seats too; then the caller is offered a message."""

    id: Ident
    name: Words
    seats: Annotated[tuple[Extension, ...], Field(min_length=1)]
    backup: tuple[Extension, ...] = ()
    strategy: Literal["ringall", "rrmemory", "leastrecent", "fewestcalls", "random", "linear"] = "rrmemory"
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    seat_ring: Annotated[int, Field(ge=1, le=6, description="rings before the next seat is tried")] = 2
    backup_for: Seconds = 60
    wrapup: Annotated[int, Field(ge=0, le=600)] = 10
    service_level: Seconds = 20


class Choice(Part):
    """What a key does: exactly one of these."""

    queue: Ident | None = None
    menu: Ident | None = None
    prompt: Ident | None = None
    language: Literal["zh", "en"] | None = None
    repeat: bool = False
    message: bool = False

    @model_validator(mode="after")
    def one_of(self) -> Self:
        given = [n for n in ("queue", "menu", "prompt", "language", "repeat", "message") if getattr(self, n)]
        if len(given) != 1:
            raise ValueError("give exactly one of queue, menu, prompt, language, repeat, message")
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
    recordings_days: Annotated[int, Field(ge=1)] = 180


class Limits(Part):
    lookup_ms: Annotated[int, Field(ge=50, le=2000, description="how long a caller's look-up may hold the call")] = 300
    short_abandon: Seconds = 5
    message: Seconds = 120
    survey: bool = True
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
    seats: Annotated[tuple[SeatConfig, ...], Field(min_length=1)]
    queues: Annotated[tuple[QueueConfig, ...], Field(min_length=1)]
    menus: Annotated[tuple[Menu, ...], Field(min_length=1)]
    estates: tuple[Estate, ...] = ()
    retention: Retention = Retention()
