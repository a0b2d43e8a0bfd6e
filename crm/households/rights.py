"""Who may do what with households (K1), and the errors of this domain."""

from __future__ import annotations

from typing import Final

from callcenter.errors import Conflict, Forbidden, NotFound
from callcenter.roles import Role
from crm.staff.actor import Actor

CHANGE: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.ADMIN})
READ: Final = CHANGE | {Role.AGENT}
KEEP: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})     # import, export, merge, the list of tags


class RoomExists(Conflict):
    code = "room_exists"


class PersonExists(Conflict):
    """Somebody of that name lives there already."""

    code = "person_exists"


class NumberExists(Conflict):
    """The person has this number already."""

    code = "number_exists"


class NumberUnusable(Conflict):
    code = "number_unusable"
    status = 422


class TagUnknown(Conflict):
    """Not in the list of tags, or retired."""

    code = "tag_unknown"
    status = 422


class MovedOut(Conflict):
    """The person does not live there any more: only what was is kept."""

    code = "moved_out"


class NotMovedOut(Conflict):
    """The day is still to come: until then the person lives there, and is known when they call."""

    code = "not_moved_out"
    status = 422


class Merged(Conflict):
    """The household goes on under another id: read it again."""

    code = "merged"


def may(actor: Actor, roles: frozenset[Role]) -> None:
    if not actor.has(*roles):
        raise Forbidden


def must_see(actor: Actor, estate_id: int, what: str) -> None:
    """Whoever does not see the estate is not told that the thing exists."""
    if not actor.sees(estate_id):
        raise NotFound(what)
