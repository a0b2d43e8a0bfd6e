"""Who acts: a signed-in user, or the system itself. Every service of the desk takes one and asks it (K1)."""

from __future__ import annotations

from collections.abc import Iterable
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
    readers: tuple[Actor, ...] = ()          # of what goes to several, all of them, each as they are by themselves: `read_by`

    def read_by(self, others: Iterable[Actor]) -> Actor:
        """The same, who makes something that these read too: what one of them must not see is not in it. It has the roles and
        estates that all of them have, and is nobody's agent; a rule that asks more asks each of `everybody`."""
        all_of_them = (*self.everybody, *others)
        people = [one for one in all_of_them if not one.is_system]
        if len(all_of_them) == 1 or not people:
            return self
        bound = [one.estates for one in people if one.estates is not None]
        return Actor(self.name, self.user_id, frozenset.intersection(*(one.roles for one in people)),
                     frozenset.intersection(*bound) if bound else None, readers=all_of_them)

    @property
    def everybody(self) -> tuple[Actor, ...]:
        return self.readers or (self,)

    def sees(self, estate_id: int | None) -> bool:
        return self.estates is None or estate_id is None or estate_id in self.estates

    def has(self, *roles: Role) -> bool:
        """One of them; each reader has one."""
        wanted = frozenset(roles)
        return all(one.is_system or one.roles & wanted for one in self.everybody)


SYSTEM: Final = Actor("system", is_system=True)
