"""Tells acd who works here, whichever process changed it, and again whenever Redis may have forgotten."""

from __future__ import annotations

from typing import Final, Protocol

from callcenter.clock import Clock
from callcenter.events import AnyEvent, RosterChanged
from callcenter.roster import ROSTER, ROSTER_KEY
from crm.database import Database
from crm.staff.agents import roster, roster_version

LOOK_EVERY_S: Final = 0.5


class Told(Protocol):
    """What this needs of the herald."""

    def tell(self, event: AnyEvent) -> None: ...
    def keep(self, key: str, value: str) -> None: ...


class RosterTeller:
    def __init__(self, database: Database, herald: Told, clock: Clock) -> None:
        self._database = database
        self._herald = herald
        self._clock = clock
        self._told: int | None = None

    def look(self, *, again: bool) -> None:
        """Tells when the version is another than the one told last, or when `again`. Raises SQLAlchemyError.

        The version is read before the roster: a change in between is told twice, and never not at all.
        """
        with self._database.reading() as session:
            version = roster_version(session)
            if version == self._told and not again:
                return
            found = roster(session)
        self._herald.keep(ROSTER_KEY, ROSTER.dump_json(found).decode())
        self._herald.tell(RosterChanged(self._clock.now(), found))
        self._told = version
