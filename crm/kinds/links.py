"""What a kind says of other kinds: tickets that it makes and gathers, when it makes itself, what its letters do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from typing import Final

from callcenter.yamlfile import Broken
from crm.kinds.references import Where, condition, one_of
from crm.kinds.schema import FieldType, Gathers, Kind, Makes, Recurs

SENDINGS: Final = ("post", "mail", "hand")
WORDS_OF_TICKET: Final = ("number", "title", "category", "room")
WORDS_OF_PERIOD: Final = ("period", "count", "list")


def broken_links(kind: Kind, others: Mapping[str, Kind] | None) -> Iterator[Broken]:
    """`others`: every kind that there is, this one too; None: not known here, so that what is in them is not looked at."""
    for name, stage in kind.stages.items():
        for place, makes in enumerate(stage.makes):
            yield from _makes(kind, makes, others, ("stages", name, "makes", place))
    if kind.recurs is not None:
        yield from _recurs(kind, kind.recurs, others)
    yield from _letters(kind)


def _makes(kind: Kind, makes: Makes, others: Mapping[str, Kind] | None, where: Where) -> Iterator[Broken]:
    if makes.owner == "superior" and not any(rule.barred for rule in kind.fields.values()):
        yield (*where, "owner"), "this kind is about nobody", "add a field with `barred: true`, or choose owner or nobody"
    for name, wanted in makes.only_if.items():
        yield from condition(kind, name, (wanted,) if isinstance(wanted, str) else wanted, (*where, "only_if", name))
    if makes.under is not None and makes.under not in kind.category_paths:
        yield (*where, "under"), f"no category {makes.under}", one_of(sorted(kind.category_paths))
    known = [*WORDS_OF_TICKET, *(name for name, rule in kind.fields.items() if not rule.private)]
    for name, text in makes.fields.items():
        yield from _template(text, known, (*where, "fields", name))
    if others is not None:
        yield from _other(makes.kind, makes.category, makes.fields, others, where)


def _recurs(kind: Kind, recurs: Recurs, others: Mapping[str, Kind] | None) -> Iterator[Broken]:
    where: Where = ("recurs",)
    if recurs.every == "week" and recurs.day > 7:
        yield (*where, "day"), f"a week has no day {recurs.day}", "1 (Monday) to 7"
    if recurs.every == "day" and recurs.day != 1:
        yield (*where, "day"), "does not fit `every: day`", "leave it out"
    if recurs.each == "household" and recurs.tag is None:
        yield (*where, "each"), "would make a ticket for every household", "add `tag`: of those that bear it"
    if recurs.each == "site" and recurs.tag is not None:
        yield (*where, "tag"), "does not fit `each: site`", "`each: household` or `each: estate`"
    if recurs.category is not None and recurs.category not in kind.category_paths:
        yield (*where, "category"), f"no category {recurs.category}", one_of(sorted(kind.category_paths))
    for name, text in recurs.fields.items():
        yield from _target(kind, name, (*where, "fields", name))
        yield from _template(text, WORDS_OF_PERIOD, (*where, "fields", name))
    if recurs.gathers is not None:
        if recurs.each == "household" or recurs.tag is not None:
            yield (*where, "gathers"), "is by estate or for the whole site", "`each: estate` or `each: site`, without `tag`"
        if others is not None:
            yield from _gathers(recurs.gathers, others, (*where, "gathers"))


def _gathers(gathers: Gathers, others: Mapping[str, Kind], where: Where) -> Iterator[Broken]:
    found = others.get(gathers.kind)
    if found is None:
        yield (*where, "kind"), f"no kind {gathers.kind}", one_of(sorted(others))
        return
    for key, stages in (("stages", gathers.stages), ("moves_to", (gathers.moves_to,))):
        for stage in stages:
            if stage not in found.stages:
                yield (*where, key), f"{gathers.kind} has no stage {stage}", one_of(found.stages)
    for name, wanted in gathers.only_if.items():
        yield from condition(found, name, (wanted,), (*where, "only_if", name))


def _other(name: str, category: str | None, fields: Iterable[str], others: Mapping[str, Kind], where: Where) -> Iterator[Broken]:
    found = others.get(name)
    if found is None:
        yield (*where, "kind"), f"no kind {name}", one_of(sorted(others))
        return
    if found.retired:
        yield (*where, "kind"), f"{name} is retired", "choose another kind"
    if category is not None and category not in found.category_paths:
        yield (*where, "category"), f"{name} has no category {category}", one_of(sorted(found.category_paths))
    for field in fields:
        yield from _target(found, field, (*where, "fields", field))


def _target(kind: Kind, field: str, where: Where) -> Iterator[Broken]:
    rule = kind.fields.get(field)
    fit = [name for name, one in kind.fields.items() if one.type in {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.CHOICE}]
    if rule is None:
        yield where, f"{kind.kind} has no field {field}", one_of(fit)
    elif field not in fit:
        yield where, f"{field} is of type {rule.type.value}", "a text or a choice"


def _letters(kind: Kind) -> Iterator[Broken]:
    letters = kind.letters
    if letters is None:
        return
    if letters.file is not None and (letters.file not in kind.fields or kind.fields[letters.file].type is not FieldType.FILES):
        yield ("letters", "file"), f"{letters.file} is no field of type files", one_of(
            name for name, rule in kind.fields.items() if rule.type is FieldType.FILES)
    how = None if letters.how is None else kind.fields.get(letters.how)
    if letters.how is not None and not (how and how.type is FieldType.CHOICE and set(SENDINGS) <= set(how.options)):
        yield ("letters", "how"), f"{letters.how} is no choice of {', '.join(SENDINGS)}", "a choice with these options"
    if letters.then is not None and letters.then not in kind.stages:
        yield ("letters", "then"), f"no stage {letters.then}", one_of(kind.stages)


def _template(text: str, known: Iterable[str], where: Where) -> Iterator[Broken]:
    names = list(known)
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield where, str(error), "write {name}, and {{ for a brace"
        return
    for _, name, form, conversion in parts:
        if name is not None and (form or conversion or name not in names):
            yield where, f"{{{name}}} is not known here", one_of(names)
