"""What a clock was agreed to: a kind's rule, read with the fields of one ticket, and how a row keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from callcenter.roles import Role
from callcenter.site.parts import Words
from crm.kinds.schema import AnySpan, ClockRule, Rung, Span

_SPAN: Final[TypeAdapter[Span]] = TypeAdapter(AnySpan)
_UNITS: Final = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"),
                 (timedelta(seconds=1), "s"))

# A missed promise is an alert (A6), and the leader answers for every promise (E3), whatever its kind's ladder says.
PROMISE_LADDER: Final = (Rung(after="0m", tell="owner"), Rung(after="0m", tell=Role.LEADER))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Terms:
    """Either `span` or `until`."""

    name: Words
    span: Span | None
    until: datetime | None
    calendar: Literal["always", "office"] = "always"
    warn: float = 0.8
    ladder: tuple[Rung, ...] = ()


def terms_of(rule: ClockRule, fields: Mapping[str, Any]) -> Terms | None:
    """None when the field that says how long, or until when, is not filled in: then no clock runs."""
    span, until = rule.allowed, None
    if rule.by_field is not None:
        span = rule.allowed_by.get(str(fields.get(rule.by_field)))
    ladder = rule.ladder
    if rule.until is not None:
        value = fields.get(rule.until)
        until = datetime.fromisoformat(value) if isinstance(value, str) else None
        if until is not None and until.tzinfo is None:
            raise ValueError(f"`{rule.until}` has no offset: {value!r}")
        ladder = (*(rung for rung in PROMISE_LADDER if rung not in rule.ladder), *rule.ladder)
    if span is None and until is None:
        return None
    return Terms(rule.name, span, until, rule.calendar, rule.warn, ladder)


def kept(terms: Terms) -> dict[str, Any]:
    """As JSON."""
    return {
        "name": terms.name.model_dump(), "span": _text(terms.span) if terms.span else None,
        "until": terms.until.isoformat() if terms.until else None, "calendar": terms.calendar,
        "warn": terms.warn, "ladder": [[_text(rung.after), rung.tell] for rung in terms.ladder],
    }


def read(data: Mapping[str, Any]) -> Terms:
    return Terms(
        name=Words.model_validate(data["name"]), span=_SPAN.validate_python(data["span"]) if data["span"] else None,
        until=datetime.fromisoformat(data["until"]) if data["until"] else None,
        calendar=data["calendar"], warn=data["warn"],
        ladder=tuple(Rung.model_validate({"after": after, "tell": tell}) for after, tell in data["ladder"]))


def _text(span: Span) -> str:
    if span.working_days:
        return f"{span.working_days}wd"
    unit, letter = next(((unit, letter) for unit, letter in _UNITS if not span.length % unit), _UNITS[-1])
    return f"{span.length // unit}{letter}"
