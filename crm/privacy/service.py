"""Who sees personal data without a mask, and the look at one value, which is logged (K1).

A service that lists things shows their private values by `View.show`; a route `…/reveal` finds the one value and gives it to
`reveal`, which says no, or writes the look into the audit and hands it out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, overload

from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound
from callcenter.private import Private
from callcenter.site.desk import Privacy
from crm.privacy.masks import masked
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

LONGEST_REASON: Final = 500


class ReasonMissing(Conflict):
    """Nobody looks at a private value, exports or erases without saying why."""

    code = "reason_missing"
    status = 422


@dataclass(frozen=True)
class View:
    """What an actor sees of private values, by the site file's `privacy`."""

    actor: Actor
    privacy: Privacy = field(default_factory=Privacy)

    def unmasked(self, kind: Private) -> bool:
        return self.actor.has(*self.privacy.unmasked.get(kind, ()))

    def may_reveal(self) -> bool:
        return self.actor.has(*self.privacy.reveal)

    @overload
    def show(self, value: str, kind: Private) -> str: ...
    @overload
    def show(self, value: None, kind: Private) -> None: ...
    @overload
    def show(self, value: str | None, kind: Private) -> str | None: ...
    def show(self, value: str | None, kind: Private) -> str | None:
        return value if value is None or self.unmasked(kind) else masked(value, kind)


def reveal(session: Session, view: View, subject: str, what: str, value: str | None, reason: str, now: datetime, *,
           estate_id: int | None = None) -> str:
    """The value itself; the look is in the audit, in this transaction: who, at what, why, never the value.

    `subject` is the thing (`ticket:17`, `person:4`), `what` which value of it. Raises NotFound for a thing of an estate that the
    actor does not see and for a value that is not there, Forbidden for a role that may not look, ReasonMissing.
    """
    if not view.actor.sees(estate_id):
        raise NotFound(subject)
    if not view.may_reveal():
        raise Forbidden
    why = said(reason)
    if not value:
        raise NotFound(f"{subject} {what}")
    record_audit(session, at=now, who=view.actor.name, user_id=view.actor.user_id, action="privacy.revealed", subject=subject,
                 detail=json.dumps({"field": what, "reason": why}, ensure_ascii=False))
    return value


def said(reason: str) -> str:
    """The reason, trimmed. Raises ReasonMissing."""
    if not (why := reason.strip()[:LONGEST_REASON]):
        raise ReasonMissing
    return why
