"""When a ticket makes another one, and what that one says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Final

from crm.kinds.schema import FieldRule, FieldType, Kind, Makes
from crm.tickets.models import Ticket
from crm.tickets.schemas import Fields
from crm.tickets.values import LONGEST, category_words, fits

_LONGEST_LINE: Final = 200


def due_to_be_made(kind: Kind, makes: Makes, category: str | None, fields: Fields) -> bool:
    """By the category and the values that it asks for; a field that an older definition had is asked for in vain."""
    under = makes.under is None or category == makes.under or (category or "").startswith(f"{makes.under}/")
    return under and all(
        name in kind.fields and any(fits(fields.get(name), one) for one in ((wanted,) if isinstance(wanted, str) else wanted))
        for name, wanted in makes.only_if.items())


def words_of(kind: Kind, row: Ticket, room: str | None) -> dict[str, str]:
    """What a template may name: of private fields nothing."""
    found = {"number": row.number, "title": row.title or "", "category": category_words(kind, row.category), "room": room or ""}
    for name, rule in kind.fields.items():
        if not rule.private:
            found[name] = word(rule, row.fields.get(name))
    return found


def word(rule: FieldRule, value: object) -> str:
    """As a person reads it, in Chinese, the language of the site's people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(rule.options[one].zh if one in rule.options else str(one) for one in value)
    return rule.options[value].zh if isinstance(value, str) and value in rule.options else str(value)


def written(template: str, words: Mapping[str, str], into: FieldRule) -> str:
    """Cut to what the field holds: a text that is a little short is better than a task that is not made."""
    parts = [literal + (words.get(name, "") if name is not None else "") for literal, name, _, _ in Formatter().parse(template)]
    text = "".join(parts).strip()
    if into.type is FieldType.TEXT:
        text = " ".join(text.split())
    return text[:into.longest or LONGEST.get(into.type, _LONGEST_LINE)]
