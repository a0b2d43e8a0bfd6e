"""Values of fields against their rules, and the title that follows. Pure: which people and files there are is asked later."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from string import Formatter
from typing import Final

from pydantic_core import ValidationError

from callcenter.numbers import normalise
from callcenter.private import Private
from callcenter.text_types import ODD_IN_LINES
from crm.kinds.references import matcher
from crm.kinds.schema import FieldRule, FieldType, Kind
from crm.tickets.errors import Fault
from crm.tickets.schemas import Fields, Value

LONGEST: Final = {FieldType.TEXT: 200, FieldType.LONG_TEXT: 4000}
LONGEST_TITLE: Final = 200
MOST_FILES: Final = 50
BIGGEST: Final = 1e12
_DIALLED: Final = re.compile(r"\+?[0-9][0-9 ()-]{1,24}")
_MONEY: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")


class Unfit(Exception):
    """Within this file: the code of what is wrong."""


def checked(rules: Mapping[str, FieldRule], given: Mapping[str, object]) -> tuple[dict[str, Value | None], list[Fault]]:
    """What is to be kept, None where a field is to be emptied; and every fault. An empty text is an empty field."""
    kept: dict[str, Value | None] = {}
    faults: list[Fault] = []
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            faults.append(Fault(name, "unknown_field"))
            continue
        try:
            kept[name] = None if value is None else value_of(rule, value)
        except Unfit as unfit:
            faults.append(Fault(name, str(unfit)))
    return kept, faults


def value_of(rule: FieldRule, value: object) -> Value | None:
    """As it is kept. Raises Unfit."""
    return _KINDS[rule.type](rule, value)


def _text(rule: FieldRule, value: object) -> str | None:
    if not isinstance(value, str):
        raise Unfit("no_text")
    if ODD_IN_LINES.search(value):
        raise Unfit("bad_characters")
    text = value.strip()
    if not text:
        return None
    if len(text) > (rule.longest or LONGEST[rule.type]):
        raise Unfit("too_long")
    if rule.type is FieldType.TEXT and "\n" in text:
        raise Unfit("more_than_a_line")
    if rule.pattern is not None:
        try:
            matcher(rule.pattern).validate_python(text)
        except ValidationError as error:
            raise Unfit("no_match") from error
    return text


def _number(rule: FieldRule, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > BIGGEST:
        raise Unfit("no_number")
    _within(rule, value)
    return value


def _money(rule: FieldRule, value: object) -> str:
    """Text, so that no cent is lost on the way."""
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise Unfit("no_money")
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise Unfit("no_money") from error
    _within(rule, float(amount))
    return f"{amount:.2f}"


def _within(rule: FieldRule, value: float) -> None:
    if rule.least is not None and value < rule.least:
        raise Unfit("too_small")
    if rule.most is not None and value > rule.most:
        raise Unfit("too_large")


def _yes_no(_: FieldRule, value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("no_yes_no")
    return value


def _choice(rule: FieldRule, value: object) -> str:
    if not isinstance(value, str) or value not in rule.options:
        raise Unfit("no_option")
    return value


def _choices(rule: FieldRule, value: object) -> list[str] | None:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one in rule.options for one in value):
        raise Unfit("no_option")
    return [option for option in rule.options if option in value] or None


def _date(_: FieldRule, value: object) -> str:
    try:
        if not isinstance(value, str):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise Unfit("no_date") from error


def _time(_: FieldRule, value: object) -> str:
    """In UTC; a moment without an offset is none."""
    try:
        if not isinstance(value, str):
            raise ValueError
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise Unfit("no_time") from error


def _phone(_: FieldRule, value: object) -> str | None:
    if isinstance(value, str) and not value.strip():
        return None
    if not isinstance(value, str) or not _DIALLED.fullmatch(value.strip()) or not (number := normalise(value)):
        raise Unfit("no_phone")
    return number


def _person(_: FieldRule, value: object) -> str | None:
    if not isinstance(value, str) or len(value) > 40 or ODD_IN_LINES.search(value):
        raise Unfit("no_person")
    return value.strip() or None


def _rating(_: FieldRule, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in (1, 2, 3):
        raise Unfit("no_rating")
    return value


def _files(_: FieldRule, value: object) -> list[int] | None:
    if not isinstance(value, list | tuple) or len(value) > MOST_FILES:
        raise Unfit("no_files")
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**31 for one in value):
        raise Unfit("no_files")
    return sorted(set(value)) or None


_KINDS: Final[dict[FieldType, Callable[[FieldRule, object], Value | None]]] = {
    FieldType.TEXT: _text, FieldType.LONG_TEXT: _text, FieldType.NUMBER: _number, FieldType.MONEY: _money,
    FieldType.YES_NO: _yes_no, FieldType.CHOICE: _choice, FieldType.CHOICES: _choices, FieldType.DATE: _date,
    FieldType.TIME: _time, FieldType.PHONE: _phone, FieldType.PERSON: _person, FieldType.RATING: _rating,
    FieldType.FILES: _files,
}


def merged(before: Fields, given: Mapping[str, Value | None]) -> Fields:
    after = {**before, **given}
    return {name: value for name, value in after.items() if value is not None}


def title_of(kind: Kind, category: str | None, fields: Fields) -> str | None:
    """The list's line, in Chinese, the language of the site's people; None when nothing of it is known."""
    parts = [literal + (_word(kind, name, category, fields) if name is not None else "")
             for literal, name, _, _ in Formatter().parse(kind.title)]
    title = " ".join("".join(parts).split())
    return title[:LONGEST_TITLE] or None


def _word(kind: Kind, name: str, category: str | None, fields: Fields) -> str:
    if name == "category":
        return category_words(kind, category)
    value = fields.get(name)
    if value is None:
        return ""
    options = kind.fields[name].options
    return options[value].zh if isinstance(value, str) and value in options else str(value)


def category_words(kind: Kind, path: str | None) -> str:
    """The deepest one's name says most."""
    tree, word = kind.categories, ""
    for part in path.split("/") if path else ():
        if part not in tree:
            break
        word, tree = tree[part].name.zh, tree[part].children
    return word or kind.name.zh


def privacy_of(rule: FieldRule) -> Private | None:
    if not rule.private:
        return None
    return Private.PHONE if rule.type is FieldType.PHONE else Private.FIELD


def fits(value: Value | None, wanted: str) -> bool:
    """Of a move's `only_if`: an option, yes or no."""
    if isinstance(value, bool):
        return wanted == ("yes" if value else "no")
    return value == wanted
