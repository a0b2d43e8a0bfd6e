"""Tells acd which callers have a treatment, so that a blocked one is blocked with crm, agi and acd dead, and on a switched line."""

from __future__ import annotations

from typing import Final, Protocol

from sqlalchemy import or_, select

from callcenter.clock import Clock
from callcenter.treated import MOST, TREATED, TREATED_KEY, caller_key
from crm.callers.models import Treatment
from crm.database import Database

LOOK_EVERY_S: Final = 5.0


class Keeps(Protocol):
    """What this needs of the herald."""

    def keep(self, key: str, value: str) -> None: ...


class TreatedTeller:
    def __init__(self, database: Database, herald: Keeps, clock: Clock) -> None:
        self._database, self._herald, self._clock = database, herald, clock
        self._told: dict[str, str] | None = None

    def look(self, *, again: bool) -> None:
        """Tells when it is another list than the one told last, or when `again`. Raises SQLAlchemyError."""
        now = self._clock.now()
        with self._database.reading() as session:
            rows = session.execute(
                select(Treatment.number, Treatment.level)
                .where(Treatment.state == "active", or_(Treatment.until.is_(None), Treatment.until > now))
                .order_by(Treatment.id.desc()).limit(MOST)).all()
        found = {caller_key(number): level for number, level in rows}
        if found != self._told or again:
            self._herald.keep(TREATED_KEY, TREATED.dump_json(found).decode())
            self._told = found
