"""What the types cannot say of a kind: stages that exist and can be reached, fields that exist and fit what asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import Formatter
from typing import Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

from callcenter.yamlfile import Broken
from crm.kinds.schema import RESERVED, Category, ClockRule, FieldRule, FieldType, Kind, Rung, Span

DEEPEST: Final = 3            # levels of categories: water / pipe / burst
BRANCHES: Final = 60
Where = tuple[int | str, ...]
CONDITIONS: Final = {FieldType.CHOICE, FieldType.YES_NO}
OPTIONED: Final = {FieldType.CHOICE, FieldType.CHOICES}
NUMBERS: Final = {FieldType.NUMBER, FieldType.MONEY}
TEXTS: Final = {FieldType.TEXT, FieldType.LONG_TEXT}
# What may stand in the line of a list.
IN_TITLE: Final = {FieldType.TEXT, FieldType.NUMBER, FieldType.MONEY, FieldType.CHOICE, FieldType.DATE}


def broken_references(kind: Kind) -> list[Broken]:
    """(where, problem, what would be right) for each; none when the kind holds together."""
    return [*_stages(kind), *_fields(kind), *_clocks(kind), *_title(kind), *_hand_in(kind),
            *_categories(kind.categories, ("categories",), 1)]


def one_of(names: Iterable[str]) -> str:
    return f"one of {', '.join(names)}"


def condition(kind: Kind, name: str, wanted: Iterable[str], where: Where) -> Iterator[Broken]:
    """That a field has one of these values."""
    rule = kind.fields.get(name)
    if rule is None or rule.type not in CONDITIONS:
        yield where, f"{name} is no choice and no yes_no of {kind.kind}", one_of(
            n for n, one in kind.fields.items() if one.type in CONDITIONS)
        return
    options = list(rule.options) if rule.type is FieldType.CHOICE else ["yes", "no"]
    for value in wanted:
        if value not in options:
            yield where, f"{name} is never {value}", one_of(options)


def _stages(kind: Kind) -> Iterator[Broken]:
    whole = True
    if kind.opens_in not in kind.stages:
        yield ("opens_in",), f"no stage {kind.opens_in}", one_of(kind.stages)
        whole = False
    elif kind.stages[kind.opens_in].final:
        yield ("opens_in",), f"{kind.opens_in} is final", "open it in a stage that is not"
    for name, stage in kind.stages.items():
        for target, move in stage.moves.items():
            where = ("stages", name, "moves", target)
            if target not in kind.stages:
                yield where, f"no stage {target}", one_of(kind.stages)
                whole = False
            elif target == name:
                yield where, "leads to where it begins", "leave it out"
            for key, place, need in (*(("needs", *one) for one in enumerate(move.needs)),
                                     *(("needs_one", *one) for one in enumerate(move.needs_one))):
                if need not in kind.fields and need not in RESERVED:
                    yield (*where, key, place), f"no field {need}", one_of([*kind.fields, *RESERVED])
                elif need == "category" and not kind.categories:
                    yield (*where, key, place), "there are no categories", "add `categories`, or leave it out"
            for place, need in enumerate(move.anew):
                if need not in move.needs or need not in kind.fields:
                    yield (*where, "anew", place), f"{need} is not needed here", one_of(n for n in move.needs if n in kind.fields)
            for field, value in move.only_if.items():
                yield from condition(kind, field, (value,), (*where, "only_if", field))
        if stage.follow_up and kind.kind == "followup":
            yield ("stages", name, "follow_up"), "a follow-up is not followed up", "leave it out"
        if stage.call_back and kind.kind == "callback":
            yield ("stages", name, "call_back"), "a callback asks for no other", "leave it out"
    if not any(stage.final for stage in kind.stages.values()):
        yield ("stages",), "none is final", "add `final: true` where a ticket is closed"
    elif whole:
        yield from _ways(kind)


def _ways(kind: Kind) -> Iterator[Broken]:
    """Every stage can be reached, and from every stage a final one."""
    there = _reached({kind.opens_in}, {name: set(stage.moves) for name, stage in kind.stages.items()})
    back: dict[str, set[str]] = {name: set() for name in kind.stages}
    for name, stage in kind.stages.items():
        for target in stage.moves:
            back[target].add(name)
    closes = _reached({name for name, stage in kind.stages.items() if stage.final}, back)
    for name in kind.stages:
        if name not in there:
            yield ("stages", name), f"cannot be reached from {kind.opens_in}", "add a move to it, or leave it out"
        elif name not in closes:
            yield ("stages", name), "leads to no final stage", "add a move towards one"


def _reached(start: set[str], ways: dict[str, set[str]]) -> set[str]:
    found, waiting = set(start), list(start)
    while waiting:
        for name in ways[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def _fields(kind: Kind) -> Iterator[Broken]:
    named: str | None = None
    for name, rule in kind.fields.items():
        where = ("fields", name)
        if name in RESERVED:
            yield where, f"{name} is a word of its own", "choose another name"
        if rule.barred and named is not None:
            yield (*where, "barred"), f"{named} is barred already", "a ticket is about one person"
        named = name if rule.barred else named
        yield from _field(rule, where)


def _field(rule: FieldRule, where: Where) -> Iterator[Broken]:
    if rule.type in OPTIONED and not rule.options:
        yield where, f"a {rule.type.value} without options", "add `options`"
    elif rule.type not in OPTIONED and rule.options:
        yield (*where, "options"), f"a {rule.type.value} has no options", "make it a choice, or leave them out"
    for key, given, types in (("pattern", rule.pattern, {FieldType.TEXT}), ("longest", rule.longest, TEXTS),
                              ("least", rule.least, NUMBERS), ("most", rule.most, NUMBERS)):
        if given is not None and rule.type not in types:
            yield (*where, key), f"does not fit a field of type {rule.type.value}", f"for {', '.join(sorted(types))}"
    if rule.least is not None and rule.most is not None and rule.least > rule.most:
        yield (*where, "least"), "is more than `most`", "change one of them"
    if rule.pattern is not None:
        try:
            matcher(rule.pattern)
        except SchemaError:
            yield (*where, "pattern"), "is no regular expression", "without look-around and back-references"
    if rule.barred and rule.type is not FieldType.PERSON:
        yield (*where, "barred"), f"does not fit a field of type {rule.type.value}", "for person"
    if rule.type is FieldType.FILES and rule.required:
        yield (*where, "required"), "a ticket has no files before it is open", "ask for them by `needs` of a move"


def matcher(pattern: str) -> SchemaValidator:
    """Of a whole value, by an engine whose time grows with the text's length and no faster. Raises SchemaError."""
    return SchemaValidator(core_schema.str_schema(pattern=rf"^(?:{pattern})\z", regex_engine="rust-regex"))


def _clocks(kind: Kind) -> Iterator[Broken]:
    for name, rule in kind.clocks.items():
        where = ("clocks", name)
        for key, stages in (("runs_in", rule.runs_in), ("pauses_in", rule.pauses_in)):
            for place, stage in enumerate(stages):
                if stage not in kind.stages:
                    yield (*where, key, place), f"no stage {stage}", one_of(kind.stages)
                elif kind.stages[stage].final:
                    yield (*where, key, place), f"{stage} is final: every clock has ended there", "leave it out"
        for stage in sorted(set(rule.runs_in) & set(rule.pauses_in)):
            yield (*where, "pauses_in"), f"{stage} is in `runs_in` too", "name it once"
        yield from _limit(kind, rule, where)
        yield from _ladder(rule, where)


def _limit(kind: Kind, rule: ClockRule, where: Where) -> Iterator[Broken]:
    for key, name, fits in (("by_field", rule.by_field, {FieldType.CHOICE}), ("until", rule.until, {FieldType.TIME})):
        if name is None:
            continue
        if name not in kind.fields:
            yield (*where, key), f"no field {name}", one_of([n for n, f in kind.fields.items() if f.type in fits])
        elif kind.fields[name].type not in fits:
            yield (*where, key), f"{name} is of type {kind.fields[name].type.value}", f"a field of type {', '.join(fits)}"
        elif key == "by_field":
            options = kind.fields[name].options
            for option in rule.allowed_by:
                if option not in options:
                    yield (*where, "allowed_by", option), f"no option {option} of {name}", one_of(options)
            for option in options:
                if option not in rule.allowed_by:
                    yield (*where, "allowed_by"), f"says nothing of {option}", f"add `{option}:`"
    spans: list[tuple[Where, Span]] = [((*where, "allowed_by", option), span)
                                                       for option, span in rule.allowed_by.items()]
    if rule.allowed is not None:
        spans.append(((*where, "allowed"), rule.allowed))
    for place, span in spans:
        if not span.length and not span.working_days:
            yield place, "is no time at all", "e.g. 24h"
        if span.working_days and rule.calendar != "office":
            yield place, "counts working days, and this clock runs every day", "add `calendar: office`"


def _ladder(rule: ClockRule, where: Where) -> Iterator[Broken]:
    before: Rung | None = None
    for place, rung in enumerate(rule.ladder):
        if rung.after.working_days and rule.calendar != "office":
            yield (*where, "ladder", place, "after"), "counts working days, and this clock runs every day", "add `calendar: office`"
        if before and (rung.after.working_days, rung.after.length) < (before.after.working_days, before.after.length):
            yield (*where, "ladder", place, "after"), "comes before the step above it", "put the steps in order"
        before = rung


def _title(kind: Kind) -> Iterator[Broken]:
    fit = ["category", *(name for name, rule in kind.fields.items() if rule.type in IN_TITLE and not rule.private)]
    try:
        parts = list(Formatter().parse(kind.title))
    except ValueError as error:
        yield ("title",), str(error), "write {name}, and {{ for a brace"
        return
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion:
            yield ("title",), f"{{{name}}} is to be formatted", "the name alone"
        elif name != "category" and name not in kind.fields:
            yield ("title",), f"no field {name or '(empty)'}", one_of(fit)
        elif name != "category" and kind.fields[name].private:
            yield ("title",), f"{name} is private, and everybody reads the title", one_of(fit)
        elif name not in fit:
            yield ("title",), f"{name} is of type {kind.fields[name].type.value}", one_of(fit)


def _hand_in(kind: Kind) -> Iterator[Broken]:
    """Who hands one in is asked for these and for nothing else, so nothing else may be required."""
    if (given := kind.hand_in) is None:
        return
    asked = {"words": given.words, "place": given.place, "contact": given.contact, "urgency": given.urgency}
    for key, name in asked.items():
        types = {FieldType.CHOICE} if key == "urgency" else TEXTS
        if name is not None and (name not in kind.fields or kind.fields[name].type not in types):
            problem = f"{name} is of type {kind.fields[name].type.value}" if name in kind.fields else f"no field {name}"
            yield ("hand_in", key), problem, one_of(n for n, f in kind.fields.items() if f.type in types)
    named = [name for name in asked.values() if name is not None]
    if len(set(named)) < len(named):
        yield ("hand_in",), "names a field twice", "a field for each"
    for name, rule in kind.fields.items():
        if rule.required and name not in named:
            yield ("hand_in",), f"{name} is required, and who hands one in is not asked for it", "leave one of both out"


def _categories(tree: dict[str, Category], where: Where, level: int) -> Iterator[Broken]:
    if len(tree) > BRANCHES:
        yield where, f"{len(tree)} categories side by side", f"at most {BRANCHES}"
    for name, category in tree.items():
        if category.children and level == DEEPEST:
            yield (*where, name, "children"), f"more than {DEEPEST} levels", "end it here"
        else:
            yield from _categories(category.children, (*where, name, "children"), level + 1)
