"""The office hours that all clocks go by: from the site file into the database, and out of it as calendars."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.site.schema import Schedule
from crm.clocks.calendars import Always, Calendar, Days, Office
from crm.clocks.models import OfficeHours
from crm.remembered import forget, remembered

THE_ROW = 1


@dataclass(frozen=True)
class Calendars:
    version: int
    always: Always
    office: Office
    days: Days
    tz: ZoneInfo

    def of(self, name: str) -> Calendar:
        return self.office if name == "office" else self.always


def calendars(session: Session) -> Calendars:
    """As the transaction first saw them."""
    def read() -> Calendars:
        row = session.get_one(OfficeHours, THE_ROW)
        return _made(row.version, row.timezone, json.dumps(row.schedule, sort_keys=True))

    return remembered(session, "office_hours", read)


def set_office_hours(session: Session, schedule: Schedule, timezone: str) -> bool:
    """Whether they are others than before: then running clocks of the office are planned anew (`service.plan_anew`)."""
    row = session.get_one(OfficeHours, THE_ROW, with_for_update=True)
    wanted = schedule.model_dump(mode="json", by_alias=True)
    if (row.schedule, row.timezone) == (wanted, timezone):
        return False
    forget(session)
    row.schedule, row.timezone, row.version = wanted, timezone, row.version + 1
    return True


@lru_cache(maxsize=8)    # building one is dear, and it never changes
def _made(version: int, timezone: str, schedule: str) -> Calendars:
    tz, hours = ZoneInfo(timezone), Schedule.model_validate_json(schedule)
    days = Days(hours)
    return Calendars(version, Always(days, tz), Office(hours, days, tz), days, tz)
