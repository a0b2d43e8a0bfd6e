"""Whom a first start brings: the users and agents that are not there yet, with the passwords and PINs that it has made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from callcenter.roles import Role
from callcenter.site import Site
from crm.database import Database
from crm.staff import service as staff
from crm.staff.agents import seed_agents


@dataclass(frozen=True)
class FirstPeople:
    users: list[tuple[str, Role, str]] = field(default_factory=list)      # name, role, password
    pins: dict[str, str] = field(default_factory=dict)                    # of agents, by code

    @classmethod
    def read(cls, lines: Iterable[str]) -> Self:
        """`user NAME ROLE PASSWORD` or `agent CODE PIN`, a line each. Raises ValueError."""
        read = cls()
        for place, line in enumerate(lines, 1):
            match line.split():
                case ["user", name, role, password]:
                    read.users.append((name, Role(role), password))
                case ["agent", code, pin]:
                    read.pins[code] = pin
                case _:
                    raise ValueError(f"line {place} is neither a user's nor an agent's")    # not shown: it may hold a password
        return read

    def put(self, database: Database, site: Site, now: datetime) -> None:
        """Users first: an agent's is linked. Who is there is left as it is."""
        with database.writing.begin() as session:
            there = {user.name for user in staff.users(session)}
            for name, role, password in self.users:
                if name not in there:
                    staff.add_user(session, name, [role], password, now)
        with database.writing.begin() as session:
            seed_agents(session, site, self.pins, now)
