"""Opens the tickets that calls ask for, all of a batch together: in one savepoint, and tied to what is known where they came from.

Whatever the desk, its kinds and its clocks are at, the call is in the journal: when one of them cannot be opened each is opened by
itself, and what could not be is kept as a reject, with its cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

import structlog
from sqlalchemy.orm import Session

from callcenter.events import TicketOpened
from crm.calls.desk import Undone, by_the_desk, is_away
from crm.calls.effects import OpenTicket
from crm.incidents.recognised import known_at, tie_missed
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket
from crm.tickets.schemas import CALLBACK, Link, NewTicket
from crm.tickets.service import open_ticket

log = structlog.get_logger("recorder")


class Openings:
    """Of one transaction. What is wanted is opened when the batch is read, or earlier where something else needs it."""

    def __init__(self, session: Session, tz: tzinfo, undone: list[Undone]) -> None:
        self._session, self._tz, self._undone = session, tz, undone
        self._wanted: list[OpenTicket] = []

    def want(self, effect: OpenTicket) -> None:
        self._wanted.append(effect)

    def open(self) -> list[TicketOpened]:
        """Raises only when the database is away."""
        wanted, self._wanted = self._wanted, []
        if len(wanted) > 1:
            try:
                with self._session.begin_nested():
                    return self._open(wanted)
            except Exception as error:
                if is_away(error):
                    raise
                log.warning("tickets_refused", count=len(wanted), error=repr(error))      # which of them, is said below
        found: list[TicketOpened] = []
        for each in wanted:
            new = each.ticket
            with by_the_desk(self._session, "no_ticket", new.cause or f"{new.kind}:{new.call_id}", self._undone):
                found += self._open([each])
        return found

    def _open(self, wanted: Sequence[OpenTicket]) -> list[TicketOpened]:
        homes = {home for each in wanted if (home := _called_from(each.ticket)) is not None}
        known = known_at(self._session, homes, max(each.at for each in wanted))
        opened: list[tuple[Ticket, OpenTicket]] = []
        for each in wanted:
            home = _called_from(each.ticket)
            incident = known.get(home) if home is not None else None
            new = each.ticket if incident is None else replace(each.ticket, parent_id=incident.row.id, parent_as=Link.PART)
            ticket = open_ticket(self._session, SYSTEM, new, each.at, self._tz)
            if ticket is not None:
                opened.append((ticket, each))
        for incident in {one.row.id: one for one in known.values()}.values():
            of_it = [(ticket, each.at) for ticket, each in opened if ticket.parent_id == incident.row.id]
            if of_it:
                tie_missed(self._session, incident, [ticket for ticket, _ in of_it], max(at for _, at in of_it))
        return [TicketOpened(each.at, ticket.id, ticket.number, ticket.kind, ticket.call_id, ticket.household_id, ticket.estate_id)
                for ticket, each in opened]


def _called_from(new: NewTicket) -> int | None:
    """The household of who did not get through; a follow-up is about what somebody has heard."""
    return new.household_id if new.kind == CALLBACK else None
