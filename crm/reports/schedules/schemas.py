"""What people say of a schedule, and what they are shown of it and of its runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from crm.notices.words import Language
from crm.reports.schedules.calendar import Calendar, Every
from crm.reports.schedules.models import Paused
from crm.reports.shelf.files import Format
from crm.reports.shelf.periods import Relative
from crm.reports.shelf.report import Name

MOST_ADDRESSES = 30
ReportId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.:-]+$")]
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")]
RobotId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
AtTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ScheduleGiven(BaseModel):
    """To whom: people by user name, whose address the site file's `notices.mail.people` has, and robots of the site file."""

    model_config = ConfigDict(extra="forbid")

    report: ReportId
    period: Relative = Field(description="seen from the local day on which it is due")
    given: dict[Name, Code] = Field({}, description="the report's parameters", max_length=len(Name))
    language: Language = "zh"
    format: Format = "xlsx"
    every: Every
    at: AtTime = Field(description="local time, 08:00")
    weekday: Annotated[int, Field(ge=0, le=6, description="of weekly ones; 0 is Monday")] = 0
    day: Annotated[int, Field(ge=1, le=31, description="of monthly ones; the last one where the month is shorter")] = 1
    users: Annotated[list[UserName], Field(max_length=MOST_ADDRESSES)] = []
    robots: Annotated[list[RobotId], Field(max_length=MOST_ADDRESSES)] = []

    @model_validator(mode="after")
    def goes_to_somebody(self) -> ScheduleGiven:
        if not self.users and not self.robots:
            raise ValueError("`users` or `robots`")
        return self

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.every, time.fromisoformat(self.at), self.weekday, self.day)


class ScheduleChange(BaseModel):
    """All of it anew, or only whether it runs and whose it is."""

    model_config = ConfigDict(extra="forbid")

    schedule: ScheduleGiven | None = None
    active: bool | None = Field(None, description="false: paused by hand; true: it goes on with its next moment")
    take_over: bool = Field(False, description="it runs as you from now on: with your roles and estates")


class ScheduleShown(BaseModel):
    schedule_id: int
    owner: str
    schedule: ScheduleGiven
    next_at: datetime | None = Field(description="null: paused")
    paused_because: Paused | None
    version: int
    created_at: datetime


@dataclass(frozen=True)
class DeliveryShown:
    """`to`: a user's name, or a robot's channel."""

    channel: str
    address: str | None          # masked as the site's `privacy` says
    tries: int
    next_at: datetime | None
    sent_at: datetime | None
    failed_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class RunShown:
    run_id: int
    due_at: datetime
    because: str                 # due, asked
    first: date
    last: date
    state: str                   # waiting, made, failed, paused
    made_at: datetime | None
    rows: int | None
    error: str | None
    deliveries: list[DeliveryShown] = field(default_factory=list)
