"""Who acts: a signed-in user, or the system itself. Every service of the desk takes one and asks it (K1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from callcenter.roles import Role


@dataclass(frozen=True)
class Actor:
    """`estates` are database ids; None: every estate. What belongs to no estate is seen by all who have the role."""

    name: str                                # as the audit keeps it
    user_id: int | None = None
    roles: frozenset[Role] = frozenset()
    estates: frozenset[int] | None = None
    agent: str | None = None                 # code of the agent that the user is
    is_system: bool = False                  # a clock, the journal: may whatever the rules say
    readers: tuple[frozenset[Role], ...] = ()    # who else reads what is shown: the actor has a role only if each of them has it

    def sees(self, estate_id: int | None) -> bool:
        return self.estates is None or estate_id is None or estate_id in self.estates

    def has(self, *roles: Role) -> bool:
        wanted = frozenset(roles)
        return self.is_system or all(held & wanted for held in (self.roles, *self.readers))


SYSTEM: Final = Actor("system", is_system=True)
