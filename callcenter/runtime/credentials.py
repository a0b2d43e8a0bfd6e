"""Secrets are made on the machine at first start, never shipped, and kept in one file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SWITCH_PIN = "switch-pin"      # leaders type it at a phone after *19 (C7)
SWITCH_SALT = "switch-salt"    # of that PIN's digest in the dialplan
LONG = frozenset({"session", "audit"})
# No letters that look alike: first passwords are read from a screen and typed.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def missing(names: list[str], present: dict[str, str]) -> dict[str, str]:
    """`present` and a new secret for every name that has none; nothing that exists is changed."""
    return present | {name: _make(name) for name in names if name not in present}


def names_for(seats: list[str], users: list[str], agents: list[str]) -> list[str]:
    """`trunk`, a carrier's password, is not among them: no machine can make it up. `pin-<code>` is an agent's first PIN."""
    return ["ami", "session", "audit", "recordings-key-1", SWITCH_PIN, SWITCH_SALT,
            *(f"seat-{seat}" for seat in seats), *(f"user-{user}" for user in users), *(f"pin-{code}" for code in agents)]


def keep_secrets(file: Path, names: list[str]) -> dict[str, str]:
    """All secrets of the instance, the new ones written."""
    present: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    complete = missing(names, present)
    if complete != present:
        part = file.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(complete, out, indent=2)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    return complete


def _make(name: str) -> str:
    if name.startswith("user-"):
        return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    if name.startswith("pin-") or name == SWITCH_PIN:
        return "".join(secrets.choice("0123456789") for _ in range(6))   # typed on a phone
    return secrets.token_urlsafe(32 if name in LONG or name.startswith("recordings-key-") else 18)
