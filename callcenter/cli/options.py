"""The option that every command takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

State = Annotated[Path | None, typer.Option("--state", envvar="SIXRING_STATE", help="The instance: its folder.")]
