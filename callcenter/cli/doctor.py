"""`doctor`: each check says what is wrong and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcenter.runtime.checks import CHECKS, Bad
from callcenter.runtime.wish import Wish, settle, state_folder

State = Annotated[Path | None, typer.Option("--state", envvar="SIXRING_STATE", help="The instance: its folder.")]


def doctor(state: State = None) -> None:
    """Examine this machine and this instance. Exit status 1 when something is wrong."""
    settings = settle(Wish(state_folder(state)))
    wrong = 0
    for name, check in CHECKS.items():
        for finding in check(settings):
            if isinstance(finding, Bad):
                wrong += 1
                print(f"✗ {name}: {finding.what}\n    → {finding.mend}")
            else:
                print(f"✓ {name}: {finding.what}")
    raise typer.Exit(1 if wrong else 0)
