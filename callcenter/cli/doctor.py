"""`doctor`: each check says what is wrong and how to mend it."""

from __future__ import annotations

import typer

from callcenter.cli.options import State
from callcenter.runtime.checks import CHECKS
from callcenter.runtime.findings import Bad
from callcenter.runtime.wish import Wish, settle, state_folder


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
