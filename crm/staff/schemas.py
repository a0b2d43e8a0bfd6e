"""What an attempt to sign in can lead to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcenter.roles import Role


@dataclass(frozen=True)
class UserShown:
    user_id: int
    name: str
    roles: frozenset[Role]
    active: bool
    estates: frozenset[int] | None = None     # whose matters the user sees; None: all
    superior_id: int | None = None


@dataclass(frozen=True)
class Refused:
    """Wrong name or password, or too many tries: then not before `retry_at`. A value and not an exception, because the
    failed attempt must be committed."""

    retry_at: datetime | None = None


@dataclass(frozen=True)
class SignedIn:
    user: UserShown
    sign_in_id: int
    seat: str | None
    expires_at: datetime
