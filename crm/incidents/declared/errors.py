"""What hinders an act of an emergency."""

from __future__ import annotations

from callcenter.errors import Conflict, NotFound


class NotNow(Conflict):
    """It is over, or closed; the step waits for another one, or was settled; the report was approved."""

    code = "emergency_state"


class NotCommander(Conflict):
    """Somebody else commands it by now (H4): whoever hands over has it."""

    code = "not_commander"


class StillOpen(Conflict):
    """Steps that are needed are neither done nor said not to be (`["steps", id]`), or times are not recorded."""

    code = "emergency_open"


class TypeUnknown(NotFound):
    """No type of that name."""


class NoPrompt(Conflict):
    """The type has no such words to be spoken."""

    code = "no_prompt"
    status = 422


class NoPlace(Conflict):
    """It is of no estate: there is nobody to tell."""

    code = "no_place"


class OwnReport(Conflict):
    """Whoever signs a report does not approve it."""

    code = "own_report"
