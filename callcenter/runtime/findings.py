"""What a check of `doctor` says: Good, or Bad with how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callcenter.runtime.pids import alive
from callcenter.runtime.programs import pid_file
from callcenter.runtime.report import names

if TYPE_CHECKING:
    from callcenter.settings import Settings


@dataclass(frozen=True)
class Good:
    what: str


@dataclass(frozen=True)
class Bad:
    what: str
    mend: str


Finding = Good | Bad
Check = Callable[["Settings"], Iterator[Finding]]


def is_up(settings: Settings) -> bool:
    return any(alive(pid_file(settings, name)) for name in names(settings))
