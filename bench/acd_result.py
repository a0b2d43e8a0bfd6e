"""What each part of bench/acd.py gives back."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Result:
    """`figures` for --json, `lines` for people; `met` is the verdict on the part's bar."""

    met: bool
    lines: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
