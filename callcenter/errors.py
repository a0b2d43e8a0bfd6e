"""Errors that carry a stable code. Words live in the pages' language files, not here.

SixringError
├── ConfigError          a file that an administrator wrote is wrong: file, line, key, what would be right
├── NotFound             404
├── Forbidden            403
├── Unauthenticated      401
├── Conflict             409
├── Changed              412: somebody else has changed it since it was read
└── Unavailable          503: Redis, the database or Asterisk does not answer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class SixringError(Exception):
    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500


@dataclass
class ConfigError(SixringError):
    """One fault of a configuration file; `hint` says what would be right."""

    code: ClassVar[str] = "config"
    file: str
    line: int
    key: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}: {self.key}: {self.problem}{tail}"


class NotFound(SixringError):
    code = "not_found"
    status = 404


class Forbidden(SixringError):
    code = "forbidden"
    status = 403


class Unauthenticated(SixringError):
    code = "unauthenticated"
    status = 401


class Conflict(SixringError):
    code = "conflict"
    status = 409


class Changed(SixringError):
    code = "changed"
    status = 412


def check_version(version: int, expected: int | None) -> None:
    """Of a row that is locked. None: whoever changes it has seen nothing before (the system itself). Raises Changed."""
    if expected is not None and expected != version:
        raise Changed


class Unavailable(SixringError):
    code = "unavailable"
    status = 503
