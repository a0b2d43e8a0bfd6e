"""What a ticket refuses, each with its code."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.errors import Conflict, SixringError


@dataclass(frozen=True)
class Fault:
    """One field and what is wrong with its value: `missing`, `too_long`, `no_option`, …"""

    field: str
    code: str


class FieldsUnfit(SixringError):
    """Every field that does not fit its kind's form, or that the move needs."""

    code = "fields_unfit"
    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in faults))
        self.faults = faults


class NoSuchMove(Conflict):
    """Not from this stage, or not with these values."""

    code = "no_such_move"


class TicketClosed(Conflict):
    code = "ticket_closed"


class KindRetired(Conflict):
    code = "kind_retired"


class Barred(Conflict):
    """Who is named in the ticket neither owns it nor works on it (D3)."""

    code = "barred"


class AlreadyAsked(Conflict):
    """A department is on the ticket until it answers (E4)."""

    code = "department_asked"


class NobodyAsked(Conflict):
    code = "nobody_asked"


class LinksInACircle(Conflict):
    code = "links_in_a_circle"


class OfADrill(Conflict):
    """Nobody has called: no ticket comes of it (H12)."""

    code = "drill_call"
