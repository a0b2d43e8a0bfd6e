"""Words of letters with places to fill: which places there may be, what is refused with its line, and how they are filled. Pure.

Only names stand between braces, and `{% if name is defined %}` … around what may be missing: no calls, no attributes, no
loops, no filters. So whoever may write a template can read nothing but the ticket's own fields with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from callcenter.errors import ConfigError
from callcenter.yamlfile import FileFaults
from crm.kinds.schema import FieldType, Kind

LONGEST: Final = 20_000         # characters of a letter that was filled
DEEPEST: Final = 20             # parts, or brackets, within one another: Python ends at about a thousand calls
ALWAYS: Final = ("company", "today", "number", "category", "received_on")
SOMETIMES: Final = ("room", "estate")
_ALLOWED: Final = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Test, nodes.Not, nodes.And,
                   nodes.Or)
_TESTS: Final = frozenset({"defined", "undefined"})
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(     # plain text: the page escapes it
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)


class Unfilled(Exception):
    """Within the package: names of what the ticket does not have yet."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def names_for(kind: Kind) -> tuple[str, ...]:
    """What a template for tickets of this kind may name: what every ticket has, and fields that are not private and not files."""
    fields = [name for name, rule in kind.fields.items() if not (rule.private or rule.barred or rule.type is FieldType.FILES)]
    return (*ALWAYS, *SOMETIMES, *(name for name in fields if name not in (*ALWAYS, *SOMETIMES)))


def check(texts: Mapping[str, str], kind: Kind) -> None:
    """`texts`: subject and body. Raises FileFaults with every fault: which of them, its line, the reason, what would be right."""
    faults = [fault for key, text in texts.items() for fault in _faults(key, text, names_for(kind))]
    if faults:
        raise FileFaults(faults)


def _faults(key: str, text: str, names: tuple[str, ...]) -> list[ConfigError]:
    try:
        if _brackets(text) > DEEPEST:
            raise RecursionError
        parts = _walk(_ENVIRONMENT.parse(text), DEEPEST)
    except TemplateSyntaxError as error:
        return [ConfigError("letter", error.lineno, key, error.message or "cannot be read",
                            "{{ name }}, {% if name is defined %} … {% endif %}")]
    except RecursionError:
        return [ConfigError("letter", 1, key, "is too deeply nested", f"at most {DEEPEST} within one another")]
    found = []
    for node in parts:
        if not isinstance(node, _ALLOWED):
            found.append(ConfigError("letter", node.lineno, key, f"{type(node).__name__} does not belong into a letter",
                                     "a name between braces, and if … is defined"))
        elif isinstance(node, nodes.Test) and node.name not in _TESTS:
            found.append(ConfigError("letter", node.lineno, key, f"`is {node.name}` does not belong into a letter", "`is defined`"))
        elif isinstance(node, nodes.Name) and node.name not in names:
            found.append(ConfigError("letter", node.lineno, key, f"there is no {node.name}", f"one of {', '.join(names)}"))
    return found


def _brackets(text: str) -> int:
    """How many are open at once; the tree does not have them. Raises TemplateSyntaxError."""
    deepest = depth = 0
    for _, sort, value in _ENVIRONMENT.lex(text):
        if sort == "operator":
            depth += (value in "([{") - (value in ")]}")
            deepest = max(deepest, depth)
    return deepest


def _walk(node: nodes.Node, deep: int) -> list[nodes.Node]:
    """Below what is refused nothing is looked at: its parts are not at fault. Raises RecursionError, as the parser does but long
    before it, so that what was let through is filled wherever that is done."""
    if not deep:
        raise RecursionError
    if not isinstance(node, _ALLOWED):
        return [node]
    return [node, *(one for child in node.iter_child_nodes() for one in _walk(child, deep - 1))]


def fill(text: str, words: Mapping[str, str]) -> str:
    """Of a text that passed `check`. Raises Unfilled with every name that is needed here and for which the ticket has nothing."""
    template = _ENVIRONMENT.from_string(text)
    missing: list[str] = []
    while True:
        try:
            filled = template.render({**words, **dict.fromkeys(missing, "…")})
        except UndefinedError as error:     # of the first one: "'remedy' is undefined"
            name = str(error).split("'")[1]
            if name in missing:             # no name: nothing that `check` lets through
                raise
            missing.append(name)
            continue
        if missing:
            raise Unfilled(sorted(missing))
        return filled.strip()[:LONGEST]
