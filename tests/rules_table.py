"""docs/rules.md from the markers in the tests: `python tests/rules_table.py --write`; without it, a check that the two agree.

`@pytest.mark.rule("A2")` says that the test shows the rule; `rule("A8", part="a pause is silent")` that it shows this part of it.
What is missing stands in tests/rules_missing.toml. A rule is done when tests show it and nothing of it is missing.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs/rules.md"
MISSING = ROOT / "tests/rules_missing.toml"
RULEBOOK = ROOT / "docs/rulebook.md"
RULE = re.compile(r"^\| ([A-K]\d+) \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    rule: str
    test: str
    part: str


def shown_in(path: Path) -> list[Shown]:
    """Markers on test functions and classes of one file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.rule":
                part = next((str(ast.literal_eval(word.value)) for word in mark.keywords if word.arg == "part"), "")
                name = f"{path.relative_to(ROOT)}::{node.name}"
                found += [Shown(str(ast.literal_eval(arg)), name, part) for arg in mark.args]
    return found


def table() -> str:
    rules = dict(RULE.findall(RULEBOOK.read_text()))
    missing = tomllib.loads(MISSING.read_text())
    if unknown := sorted(set(missing) - set(rules)):
        raise SystemExit(f"{MISSING.relative_to(ROOT)}: there is no rule {', '.join(unknown)} in docs/rulebook.md")
    by_rule: dict[str, list[Shown]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for shown in shown_in(path):
            if shown.rule not in rules:
                raise SystemExit(f"{shown.test}: there is no rule {shown.rule} in docs/rulebook.md")
            by_rule[shown.rule].append(shown)
    lines = [
        "# Rules and the tests that show them",
        "",
        "Made by `python tests/rules_table.py --write` from the markers in the tests, which say what they show, and from what",
        "tests/rules_missing.toml names; `make check` fails when it is out of date.",
        "",
        "| rule | state | missing | tests |",
        "|---|---|---|---|",
    ]
    for rule in rules:
        marks = by_rule[rule]
        if not marks and rule not in missing:
            raise SystemExit(f"no test shows {rule}, and {MISSING.relative_to(ROOT)} does not say so")
        state = "not yet" if not marks else "part" if rule in missing else "done"
        tests = "<br>".join(sorted({f"`{mark.test}`" + (f" ({mark.part})" if mark.part else "") for mark in marks}))
        lines.append(f"| {rule} | {state} | {missing.get(rule, '')} | {tests} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    wanted = table()
    if "--write" in sys.argv:
        TABLE.write_text(wanted)
    elif not TABLE.exists() or TABLE.read_text() != wanted:
        raise SystemExit("docs/rules.md is not up to date: python tests/rules_table.py --write")
