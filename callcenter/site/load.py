"""Reads a site file; an error names file, line, key and what would be right."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ValidationError

from callcenter.errors import ConfigError
from callcenter.site.references import broken_references
from callcenter.site.schema import Site

Loc = tuple[int | str, ...]


class SiteErrors(Exception):
    """All faults of one file, so that they are mended in one go."""

    def __init__(self, faults: list[ConfigError]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def load_site(path: Path) -> Site:
    """Raises SiteErrors (with every fault found) or OSError."""
    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=_Loader)
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise SiteErrors([ConfigError(str(path), line, "-", error.problem or "not YAML", "check indentation, colons "
                                      "and quotes")]) from error
    if not isinstance(raw, dict):
        raise SiteErrors([ConfigError(str(path), 1, "-", "is not a mapping", "begin with `version: 1`")])

    def fault(loc: Loc, problem: str, hint: str = "") -> ConfigError:
        return ConfigError(str(path), _line(root, loc), ".".join(str(part) for part in loc), problem, hint)

    try:
        site = Site.model_validate(raw)
    except ValidationError as error:
        raise SiteErrors([fault(item["loc"], _problem(item), _hint(item, item["loc"])) for item in error.errors()]) from error
    faults = [fault(loc, problem, hint) for loc, problem, hint in broken_references(site)]
    try:
        ZoneInfo(site.timezone)
    except (KeyError, ValueError):
        faults.append(fault(("timezone",), "no such time zone", "e.g. Asia/Shanghai"))
    if faults:
        raise SiteErrors(faults)
    return site


class _Loader(yaml.SafeLoader):
    """Keys and times stay text: `0:` is the key "0", `08:00` is not a number in base sixty."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag not in
            {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
        "string_pattern_mismatch": f"`{item['input']}` does not fit",
    }
    message: str = item["msg"]
    return said.get(item["type"], message.removeprefix("Value error, "))


def _hint(item: Any, loc: Loc) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return "add this key"
    if kind == "extra_forbidden":
        return _nearest(loc)
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind == "literal_error":
        return f"one of {context['expected']}"
    return ""


_PATTERNS: Final = {
    r"^[0-9]{2,6}$": "2 to 6 digits",
    r"^[0-9]{3,6}$": "3 to 6 digits",
    r"^\+?[0-9]{2,20}$": "digits, perhaps a + before them",
    r"^[a-z][a-z0-9-]{0,30}$": "small letters, digits and -, a letter first",
    r"^[0-9*#]$": "one of 0-9, * and #",
}


def _nearest(loc: Loc) -> str:
    """The key that may have been meant, or all that there are at this place of the schema."""
    keys = _keys(Site, loc[:-1])
    close = get_close_matches(str(loc[-1]), keys, n=1)
    return f"did you mean `{close[0]}`?" if close else f"one of {', '.join(keys)}"


def _keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """Keys that a site file may have at `loc`, as it writes them; [] below what is no part of the schema."""
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
