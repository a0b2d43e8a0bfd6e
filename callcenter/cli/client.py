"""`sixring client`: a typed Python client of the API, made from the API's own description.

It is made where it is wanted, and for this version, rather than kept here: its hundreds of files say nothing that the
description does not. openapi-python-client writes it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from callcenter.errors import Unavailable
from callcenter.settings import CHECKOUT

GENERATOR: Final = "openapi-python-client"
HINT: Final = f"{GENERATOR} is not here: `uv sync --group client` installs it"
PLAIN: Final = ("application/octet-stream", "text/plain")


def client(
    out: Annotated[Path, typer.Option(help="a folder that is not there yet; what is made can be installed with pip")],
    package_only: Annotated[bool, typer.Option("--package-only", help="sixring_client alone, without a project around it")] = False,
) -> None:
    """Write a Python client of the API into a folder."""
    if out.exists():
        raise typer.BadParameter(f"{out} is there already", param_hint="--out")
    generator = shutil.which(GENERATOR, path=f"{Path(sys.executable).parent}") or shutil.which(GENERATOR)
    if generator is None:
        raise Unavailable(HINT)
    with tempfile.TemporaryDirectory(prefix="sixring-client-") as folder:
        description, config = Path(folder) / "openapi.json", Path(folder) / "config.yaml"
        with description.open("wb") as file:
            subprocess.run([sys.executable, "-m", "dashboard", "describe"], cwd=CHECKOUT, stdout=file, check=True)
        config.write_text(json.dumps(_config(json.loads(description.read_bytes()))), encoding="utf-8")
        subprocess.run([generator, "generate", "--path", str(description), "--config", str(config), "--output-path", str(out),
                        "--meta", "none" if package_only else "uv", "--fail-on-warning"], check=True)


def _config(description: dict[str, Any]) -> dict[str, object]:
    """Files in and out, whatever their type, are bytes to a client. (JSON is YAML.)"""
    types = {kind for kind in _contents(description["paths"]) if "json" not in kind and kind not in PLAIN}
    return {"project_name_override": "sixring-client", "package_name_override": "sixring_client", "post_hooks": [],
            "content_type_overrides": dict.fromkeys(sorted(types), PLAIN[0])}


def _contents(node: object) -> Iterator[str]:
    """The keys of every `content` below."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "content" and isinstance(value, dict):
                yield from value
            yield from _contents(value)
    elif isinstance(node, list):
        for each in node:
            yield from _contents(each)
