"""How many clocks were kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """Clocks of one kind and name that ended in a period; those that were withdrawn ended with nothing to be kept."""

    kind: str
    clock: str
    kept: int
    ended: int


def on_time_rate(kept: int, ended: int) -> float | None:
    """On-time rate (及时率) = tickets whose clock was kept ÷ tickets whose clock ended, in the period in which it ended.

    A clock is kept when it ended before it was due, pauses taken off; one that was broken stays so, whatever time was agreed
    afterwards. None when none ended.
    """
    if not 0 <= kept <= ended:
        raise ValueError(f"{kept} of {ended}")
    return kept / ended if ended else None
