"""Reads a YAML file that a person wrote into a model; every fault names file, line, key and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from callcenter.errors import ConfigError
from callcenter.text_types import ODD_IN_LINES

Loc = tuple[int | str, ...]
Broken = tuple[Loc, str, str]      # where, problem, what would be right
Model = TypeVar("Model", bound=BaseModel)


class FileFaults(Exception):
    """All faults of one file, so that they are mended in one go."""

    def __init__(self, faults: list[ConfigError]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def read_yaml(text: str, file: str, model: type[Model], *, begin: str, broken: Callable[[Model], Iterable[Broken]],
              patterns: Mapping[str, str], aliases: bool = True) -> Model:
    """Raises FileFaults with every fault found. `broken` finds what the types cannot say; `patterns` has words for regular
    expressions; `begin` is how such a file begins. Without `aliases` nothing may be written once and meant often: a few lines of
    a stranger's file could stand for millions."""
    try:
        root = yaml.compose(text, Loader=_Loader)
        odd = list(_odd(root, aliases=aliases))
        raw = {} if odd else yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise FileFaults([ConfigError(file, mark.line + 1 if mark else 1, "-", problem,
                                      "check indentation, colons and quotes")]) from error
    except RecursionError as error:
        raise FileFaults([ConfigError(file, 1, "-", "is nested too deeply", "a few levels are enough")]) from error
    if odd:
        raise FileFaults([ConfigError(file, line, key, problem, hint) for line, key, problem, hint in odd])
    if not isinstance(raw, dict):
        raise FileFaults([ConfigError(file, 1, "-", "is not a mapping", f"begin with `{begin}`")])

    def fault(loc: Loc, problem: str, hint: str = "") -> ConfigError:
        key = ".".join(str(part) for part in loc if part != _OF_KEY)
        return ConfigError(file, _line(root, loc), key or "-", problem, hint)

    try:
        found = model.model_validate(raw)
    except ValidationError as error:
        raise FileFaults([fault(item["loc"], _problem(item), _hint(item, model, patterns)) for item in error.errors()]) from error
    faults = [fault(loc, problem, hint) for loc, problem, hint in broken(found)]
    if faults:
        raise FileFaults(sorted(faults, key=lambda one: one.line))
    return found


class _Loader(yaml.SafeLoader):
    """All plain values stay text: `0:` is the key "0", `08:00` is not a number in base sixty, `no` is a word. The model knows
    what is a number and what is true."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag in {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PLAIN: Final = {f"tag:yaml.org,2002:{name}" for name in ("str", "null", "map", "seq", "merge")}
_OF_KEY: Final = "[key]"     # pydantic's last part of a place when the mapping's key itself is wrong


def _odd(root: Any, *, aliases: bool) -> Iterator[tuple[int, str, str, str]]:
    """What YAML allows and nobody means: a key twice (the last would win unseen), tags, aliases where they are not allowed, and
    by an escape ("\\0") characters that no form means and a database may refuse."""
    seen: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            if not aliases:
                yield node.start_mark.line + 1, "-", "is referred to by an alias", "write it out"
            continue
        seen.add(id(node))
        if node.tag not in _PLAIN:
            yield node.start_mark.line + 1, "-", f"has the tag {node.tag.rpartition(':')[2]}", "leave the tag out"
        if isinstance(node, yaml.MappingNode):
            there: dict[str, int] = {}
            for key, value in node.value:
                name, line = str(key.value), key.start_mark.line + 1
                if name in there:
                    yield line, name, "is there twice", f"line {there[name]} has it already"
                there.setdefault(name, line)
                waiting += [key, value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif ODD_IN_LINES.search(node.value):
            yield node.start_mark.line + 1, "-", "has a character that cannot be written", "take the escape out"


def _line(node: Any, loc: Loc) -> int:
    """The line of the deepest part of `loc` that is in the file; a missing key gives its parent's line."""
    line = 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _problem(item: Any) -> str:
    said: dict[str, str] = {
        "missing": "is missing",
        "extra_forbidden": "there is no such key",
        "literal_error": "is none of the choices",
        "enum": "is none of the choices",
        "string_pattern_mismatch": f"`{item['input']}` does not fit",
    }
    message: str = item["msg"]
    return said.get(item["type"], message.removeprefix("Value error, "))


def _hint(item: Any, model: type[BaseModel], patterns: Mapping[str, str]) -> str:
    kind, context, loc = item["type"], item.get("ctx", {}), item["loc"]
    if kind == "missing":
        return "add this key"
    if kind == "extra_forbidden":
        return _nearest(model, loc)
    if kind == "string_pattern_mismatch":
        return patterns.get(context["pattern"], f"must match {context['pattern']}")
    if kind in ("literal_error", "enum"):
        return f"one of {context['expected']}"
    return str(context.get("hint", ""))


def _nearest(model: type[BaseModel], loc: Loc) -> str:
    """The key that may have been meant, or all that there are at this place of the schema."""
    keys = _keys(model, loc[:-1])
    close = get_close_matches(str(loc[-1]), keys, n=1)
    return f"did you mean `{close[0]}`?" if close else f"one of {', '.join(keys)}"


def _keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """Keys that a file may have at `loc`, as it writes them; [] below what is no part of the schema."""
    for part in loc:
        if isinstance(part, int):
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        found = fields.get(part)
        inner = _part(found.annotation) if found else None
        if inner is None:
            continue    # a mapping's own key, as of `keys`
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _part(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _part(inner))), None)
