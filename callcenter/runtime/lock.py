"""Two people who type `up` at once get one instance."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_at_a_time(state: Path) -> Iterator[None]:
    """Waits for whoever is changing this instance now."""
    state.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (state / "change.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
