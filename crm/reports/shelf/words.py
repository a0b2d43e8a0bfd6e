"""A value as somebody reads it, in a file or a message: 1,234, 98.7 %, 2:05, 2026-11-22 14:03. Pure."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from crm.notices.words import Language, Named
from crm.reports.shelf.report import Ask, Column, Name, Type, Value

NONE: Final = "–"
_NAMES: Final = {
    Name.ESTATE: Named("小区", "Estate"), Name.TEAM: Named("班组", "Team"), Name.AGENT: Named("座席员", "Agent"),
    Name.QUEUE: Named("队列", "Queue"), Name.KIND: Named("工单类型", "Ticket kind"), Name.CLOCK: Named("时限", "Clock"),
    Name.BY: Named("按", "By"), Name.INTERVAL: Named("时段", "Interval"), Name.WHICH: Named("范围", "Which"),
}
_DAYS: Final = Named("日期", "Days")
_MADE: Final = Named("生成时间", "Made")


def words(value: Value, kind: Type, tz: tzinfo) -> str:
    """Without codes' words; see `text`."""
    if value is None:
        return NONE
    match value:
        case datetime():
            return value.astimezone(tz).strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case str():
            return value
    match kind:
        case Type.INTEGER:
            return f"{value:,}"
        case Type.SHARE:
            return f"{Decimal(str(float(value) * 100)).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"
        case Type.SECONDS:
            return _clock(float(value))
        case Type.MONEY:
            return f"{Decimal(value).quantize(Decimal('0.01')):,}"
        case _:
            return str(value)


def text(value: Value, column: Column, language: Language, tz: tzinfo) -> str:
    if isinstance(value, str) and value in column.words:
        return column.words[value].words(language)
    return words(value, column.type, tz)


def asked_for(ask: Ask) -> list[tuple[str, str]]:
    """What a file says of itself: its days, its parameters, when it was made."""
    found = [(_DAYS.words(ask.language), ask.days.words())]
    found += [(_NAMES[name].words(ask.language), value) for name, value in ask.given.items()]
    return [*found, (_MADE.words(ask.language), words(ask.now, Type.TIME, ask.tz))]


def _clock(seconds: float) -> str:
    whole = int(Decimal(str(seconds)).quantize(Decimal(1), ROUND_HALF_UP))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
