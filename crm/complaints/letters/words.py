"""What a ticket says in a letter: each field as a person reads it, in the letter's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from callcenter.site.parts import Words
from crm.complaints.letters.templates import names_for
from crm.kinds.schema import FieldRule, FieldType, Kind
from crm.papers.parts import Language

RATINGS = {"zh": {1: "满意", 2: "一般", 3: "不满意"}, "en": {1: "satisfied", 2: "fair", 3: "not satisfied"}}     # as the survey


@dataclass(frozen=True)
class About:
    """The ticket, besides its fields."""

    company: Words
    number: str
    category: str | None
    created_at: datetime
    room: str | None
    estate: Mapping[str, str] | None         # by language


def words(kind: Kind, fields: Mapping[str, Any], about: About, language: Language, now: datetime, tz: tzinfo) -> dict[str, str]:
    """By name; what is not filled in is not there."""
    found = {
        "company": getattr(about.company, language), "number": about.number,
        "today": day(now.astimezone(tz).date(), language), "received_on": day(about.created_at.astimezone(tz).date(), language),
        "category": category_name(kind, about.category, language),
    }
    if about.room is not None:
        found["room"] = about.room
    if about.estate is not None:
        found["estate"] = about.estate[language]
    for name in names_for(kind):
        rule = kind.fields.get(name)
        if rule is not None and (value := fields.get(name)) is not None:
            found[name] = as_words(rule, value, language, tz)
    return found


def category_name(kind: Kind, path: str | None, language: Language) -> str:
    tree, found = kind.categories, kind.name
    for part in path.split("/") if path else ():
        if part not in tree:
            break
        found, tree = tree[part].name, tree[part].children
    return str(getattr(found, language))


def as_words(rule: FieldRule, value: Any, language: Language, tz: tzinfo) -> str:
    match rule.type:
        case FieldType.YES_NO:
            return {("zh", True): "是", ("zh", False): "否", ("en", True): "yes", ("en", False): "no"}[language, bool(value)]
        case FieldType.CHOICE | FieldType.CHOICES:
            chosen = value if isinstance(value, list) else [value]
            names = [getattr(rule.options[one], language) if one in rule.options else str(one) for one in chosen]
            return ("、" if language == "zh" else ", ").join(names)
        case FieldType.DATE:
            return day(date.fromisoformat(value), language)
        case FieldType.TIME:
            moment = datetime.fromisoformat(value).astimezone(tz)
            return f"{day(moment.date(), language)}{' ' if language == 'en' else ''}{moment:%H:%M}"
        case FieldType.RATING:
            return RATINGS[language].get(value, str(value))
        case _:
            return str(value)


def day(when: date, language: Language) -> str:
    return f"{when.year}年{when.month}月{when.day}日" if language == "zh" else f"{when.day} {when:%B} {when.year}"
