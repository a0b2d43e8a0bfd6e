"""How the words of a site file become dialplan. Pure text; every value in it was checked by the site schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

import holidays

from callcenter.site.schema import Choice, Menu, Opening, Schedule

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS_AHEAD = 2
EMERGENCY_POINTS = 50


def steps(choice: Choice, menu: Menu) -> str:
    """The dialplan lines that carry out a menu choice."""
    lines: list[str] = []
    if choice.queue:
        raised = ["Set(__EMERGENCY=1)", f"Gosub(raise,s,1({EMERGENCY_POINTS},emergency))"] if choice.emergency else []
        lines = [*raised, f"Goto(queue-{choice.queue},s,1)"]
    elif choice.menu:
        lines = [f"Goto(menu-{choice.menu},s,1)"]
    elif choice.message:
        lines = ["Goto(message,s,1)"]
    elif choice.prompt:
        lines = [f"Playback({choice.prompt})", f"Goto(menu-{menu.id},s,ask)"]
    elif choice.language:
        lines = [
            f"Set(CHANNEL(language)={choice.language})",
            f"QueueLog(NONE,${{CALL_ID}},NONE,LANGUAGE,{choice.language})",
            f"UserEvent(Sixring,What: language,CallId: ${{CALL_ID}},Language: {choice.language})",
            f"Goto(menu-{menu.id},s,ask)",
        ]
    else:
        lines = ["Set(SHORT=0)", f"Goto(menu-{menu.id},s,ask)"]      # who asks for it again hears all of it
    return "\n".join(f" same => n,{line}" for line in lines)


def spans(opening: Opening) -> Iterator[tuple[str, str]]:
    """(times, days) as ExecIfTime takes them. The last minute is inclusive there, so 20:00 becomes 19:59.

    Equal times mean the whole day; hours over midnight are two spans, the second on the following days.
    """
    start, end = opening.start, opening.end
    days = "&".join(opening.days)
    if start == end:
        yield "*", days
    elif start < end:
        yield f"{start:%H:%M}-{_minute_before(end)}", days
    else:
        yield f"{start:%H:%M}-23:59", days
        if end != time(0):
            following = "&".join(WEEK[(WEEK.index(day) + 1) % 7] for day in opening.days)
            yield f"00:00-{_minute_before(end)}", following


def _minute_before(end: time) -> str:
    minutes = (end.hour * 60 + end.minute - 1) % 1440
    return f"{minutes // 60:02}:{minutes % 60:02}"


def closed_days(schedule: Schedule, today: date) -> list[date]:
    """Public holidays from this year on and the site's own closed days, without those that it keeps open."""
    days = set(schedule.closed_days)
    if schedule.calendar == "CN":
        years = range(today.year, today.year + YEARS_AHEAD)
        days |= set(holidays.country_holidays("CN", years=years))
    return sorted(days - set(schedule.open_days))
