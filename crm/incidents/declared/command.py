"""`python -m crm incidents check FILE`: whether a type of emergency is right, with every fault named."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from callcenter.yamlfile import FileFaults
from crm.command import failed
from crm.incidents.declared.load import load_type

incidents_app: Final = typer.Typer(help="Types of emergencies.")


@incidents_app.callback()
def incidents() -> None:
    """`incidents check` is a command of its own, also while it is the only one."""


@incidents_app.command("check")
def check(file: Path) -> None:
    """Says every fault of a type: line, key, what is wrong, what would be right. Needs no database."""
    try:
        found = load_type(file.read_text(encoding="utf-8"), file.name)
    except FileFaults as error:
        raise failed(str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise failed(f"{file}: {error}") from error
    typer.echo(f"{found.type}: level {found.level}, {len(found.steps)} steps, {len(found.conditions)} conditions")
