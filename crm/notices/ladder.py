"""Who stands above whom, and which users a word of a ladder means. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from callcenter.roles import Role

# engineer → leader → supervisor → centre manager → operations
UP: Final = {
    "owner": Role.LEADER, "assignee": Role.LEADER, Role.AGENT: Role.LEADER, Role.ENGINEER: Role.LEADER,
    Role.OFFICE: Role.LEADER, Role.SPOKESPERSON: Role.MANAGER, Role.LEADER: Role.SUPERVISOR,
    Role.SUPERVISOR: Role.MANAGER, Role.DUTY_LEAD: Role.MANAGER, Role.MANAGER: Role.OPERATIONS,
}


@dataclass(frozen=True)
class Known:
    """An active user. `estates` None: all."""

    user_id: int
    name: str
    roles: frozenset[str]
    estates: frozenset[int] | None


def above(whom: str) -> str | None:
    """None at the top."""
    up = UP.get(whom)
    return up.value if up else None


def people(whom: str, users: Iterable[Known], *, estate_id: int | None, owner_id: int | None,
           assignee_id: int | None) -> tuple[int, ...]:
    """Of a role: those of the ticket's estate, and those of all estates. Nobody, when nobody active is meant."""
    if whom in ("owner", "assignee"):
        wanted = owner_id if whom == "owner" else assignee_id
        return tuple(user.user_id for user in users if user.user_id == wanted)
    return tuple(user.user_id for user in users if whom in user.roles
                 and (estate_id is None or user.estates is None or estate_id in user.estates))
