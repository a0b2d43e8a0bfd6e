"""Where what an employee says goes in a ticket of a kind, and who sees what others have handed in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from callcenter.errors import Conflict
from callcenter.roles import Role
from crm.kinds.schema import HandIn
from crm.tickets.errors import Fault

SEE_ALL: Final = (Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.ADMIN)     # of their estates


class NotHandedIn(Conflict):
    """There is no such kind, or employees hand none of it in: which of both is not told."""

    code = "kind_not_handed_in"
    status = 422


@dataclass(frozen=True)
class Said:
    """`place` is building, unit and room as people say them."""

    words: str
    place: str
    contact_name: str | None = None
    contact_number: str | None = None
    urgency: str | None = None


@dataclass(frozen=True)
class Filed:
    """Of a new ticket. `faults`: what the kind does not ask for."""

    fields: dict[str, object]
    notes: str | None
    faults: tuple[Fault, ...] = ()


def filed(into: HandIn, said: Said) -> Filed:
    """What has no field of its own stands in the notes, a line each."""
    fields: dict[str, object] = {into.words: said.words}
    notes: list[str] = []
    for field, value in ((into.place, said.place), (into.contact, said.contact_name)):
        if value is not None and field is not None:
            fields[field] = value
        elif value is not None:
            notes.append(value)
    if said.urgency is None:
        return Filed(fields, "\n".join(notes) or None)
    if into.urgency is None:
        return Filed(fields, "\n".join(notes) or None, (Fault("urgency", "unknown_field"),))
    return Filed(fields | {into.urgency: said.urgency}, "\n".join(notes) or None)


def in_their_words(into: HandIn, faults: Sequence[Fault]) -> list[Fault]:
    """By the names that who hands in knows, not by the kind's fields."""
    names = {into.words: "words", into.place: "place", into.contact: "contact_name", into.urgency: "urgency"}
    return [Fault(names.get(fault.field, fault.field), fault.code) for fault in faults]
