"""Does what a step says, by the ticket's own moves: what its kind does not let an engineer do, a phone cannot either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.bills.agreed import bill
from crm.bills.models import Charge
from crm.bills.money import rounded
from crm.kinds.schema import Kind
from crm.repairs import charges, orders, steps
from crm.repairs.errors import FileMissing
from crm.repairs.grading import graded
from crm.repairs.models import RepairStep, WorkOrder
from crm.repairs.steps import What
from crm.roster.models import Skill
from crm.roster.service import UnknownSkill
from crm.staff.actor import Actor
from crm.tickets import service
from crm.tickets.models import Attachment, Ticket
from crm.tickets.schemas import Changes

ALREADY: Final = "already"      # it was so before: done on another page


@dataclass(frozen=True)
class Work:
    """One step, on a locked ticket. `done_at`: as it counts; `now`: when it arrived."""

    session: Session
    actor: Actor
    row: Ticket
    kind: Kind
    order: WorkOrder
    step: RepairStep
    done_at: datetime
    now: datetime
    tz: tzinfo

    @property
    def anyhow(self) -> Actor:
        """The same person, for what changes nothing of the repair's course: also when the ticket is somebody else's by now."""
        return replace(self.actor, is_system=True)


def do(work: Work, data: steps.Data) -> str | None:
    """A code when there is something to say of it. Raises what the ticket raises, and what `errors` has."""
    return _DO[What(work.step.what)](work, data)


def _accepted(work: Work, _: steps.Data) -> str | None:
    said = _go(work, "accepted")
    work.order.accepted_at = work.order.accepted_at or work.done_at
    return said


def _on_site(work: Work, _: steps.Data) -> str | None:
    said = _go(work, "on_site")
    work.order.on_site_at = work.order.on_site_at or work.done_at
    return said


def _declined(work: Work, data: steps.Data) -> None:
    orders.send_back(work.session, work.actor, work.row, work.order, "declined", cast(steps.Why, data).reason, work.now, work.tz,
                     work.done_at)


def _handed_back(work: Work, data: steps.Data) -> None:
    given = cast(steps.HandedBack, data)
    if given.skill is not None and work.session.get(Skill, given.skill) is None:
        raise UnknownSkill(given.skill)
    work.order.needs_skill = given.skill
    orders.send_back(work.session, work.actor, work.row, work.order, "handed_back", given.reason, work.now, work.tz, work.done_at)


def _graded(work: Work, data: steps.Data) -> None:
    _fill(work, graded(work.row, cast(steps.Graded, data).grade))


def _found(work: Work, data: steps.Data) -> None:
    given = cast(steps.Found, data)
    grade = graded(work.row, given.grade) if given.grade else {}
    _fill(work, {"fault": given.fault, "plan": given.plan, "chargeable": given.chargeable, **grade})


def _charged(work: Work, data: steps.Data) -> None:
    given = cast(steps.Charged, data)
    new = charges.NewCharge(given.code, given.quantity, given.discount, given.discount_reason, given.in_warranty,
                            work.step.client_id)
    charges.charge(work.session, work.actor, work.row, work.kind, work.order, new, work.done_at, work.now)
    charges.price_anew(work.session, work.row, work.kind, work.now, work.tz)


def _uncharged(work: Work, data: steps.Data) -> None:
    found = work.session.scalar(select(Charge).where(Charge.ticket_id == work.row.id,
                                                     Charge.client_id == cast(steps.Uncharged, data).charge))
    charges.take_off(work.session, work.actor, work.row, work.kind, found, work.now)


def _priced(work: Work, data: steps.Data) -> str | None:
    """Told anew while it is being repaired, it must be agreed to anew."""
    given = cast(steps.Priced, data).price
    price = bill(work.session, work.row).total if given is None else given
    fields = {"price": f"{price:.2f}", "chargeable": True, "price_agreed": False}
    return _go(work, "pricing", fields)


def _agreed(work: Work, data: steps.Data) -> str | None:
    """To what was told, or to what the charges come to if that is more."""
    given = cast(steps.Priced, data).price
    told = work.row.fields.get("price")
    most = max(bill(work.session, work.row).total, Decimal(str(told)) if told is not None else Decimal(0))
    price = rounded(most if given is None else given)
    fields = {"price": f"{price:.2f}", "price_agreed": True}
    work.order.agreed = price
    if work.row.stage == "pricing":
        return _go(work, "working", fields)
    _fill(work, fields)
    return None


def _refused(work: Work, data: steps.Data) -> None:
    _go(work, "withdrawn", {"reason": cast(steps.Why, data).reason})
    orders.end(work.order, "ended", work.now, cast(steps.Why, data).reason)


def _begun(work: Work, _: steps.Data) -> str | None:
    return _go(work, "working")


def _waits(work: Work, data: steps.Data) -> str | None:
    return _go(work, "waiting", {"waits_for": cast(steps.Waits, data).waits_for})


def _photo(work: Work, data: steps.Data) -> None:
    files = _files(work, cast(steps.Photo, data).files)
    if work.row.state == "open":
        service.fill_in(work.session, work.anyhow, work.row.id, Changes({"photos": _with(work, "photos", files)}), work.now)


def _noted(work: Work, data: steps.Data) -> None:
    service.note(work.session, work.anyhow, work.row.id, cast(steps.Noted, data).text, work.now)


def _tried(work: Work, data: steps.Data) -> str | None:
    return _go(work, "tested", {"result": cast(steps.Tried, data).result})


def _signed(work: Work, data: steps.Data) -> str | None:
    given = cast(steps.Signed, data)
    fields: dict[str, object] = {}
    if given.file is not None:
        fields["signature"] = _with(work, "signature", _files(work, [given.file]))
    if given.name is not None:
        fields["signed_by"] = given.name
    said = _go(work, "finished", fields)
    work.order.finished_at = work.done_at
    return said


def _paid(work: Work, data: steps.Data) -> None:
    given = cast(steps.Paid, data)
    charges.settle(work.session, work.actor, work.row, work.kind, work.order, given.method, given.amount, given.receipt, work.now)


_DO: Final[Mapping[What, Callable[[Work, steps.Data], str | None]]] = {
    What.ACCEPTED: _accepted, What.DECLINED: _declined, What.ON_SITE: _on_site, What.GRADED: _graded, What.FOUND: _found,
    What.CHARGED: _charged, What.UNCHARGED: _uncharged, What.PRICED: _priced, What.AGREED: _agreed, What.REFUSED: _refused,
    What.BEGUN: _begun, What.WAITS: _waits, What.PHOTO: _photo, What.NOTED: _noted, What.TRIED: _tried, What.SIGNED: _signed,
    What.PAID: _paid, What.HANDED_BACK: _handed_back,
}


def _go(work: Work, to: str, fields: Mapping[str, object] | None = None) -> str | None:
    if work.row.stage == to:
        if fields:
            _fill(work, fields)
        return ALREADY
    service.move(work.session, work.actor, work.row.id, to, Changes(fields or {}), work.now, work.tz, done_at=work.done_at)
    return None


def _fill(work: Work, fields: Mapping[str, object]) -> None:
    service.fill_in(work.session, work.actor, work.row.id, Changes(fields), work.now)


def _files(work: Work, digests: Sequence[str]) -> list[int]:
    """Ids of files of the ticket by their SHA-256, which a phone knows before it has sent them. Raises FileMissing."""
    found: dict[str, int] = dict(work.session.execute(select(Attachment.sha256, Attachment.id).where(
        Attachment.ticket_id == work.row.id, Attachment.sha256.in_(digests))).all())
    if set(digests) - found.keys():
        raise FileMissing
    return list(found.values())


def _with(work: Work, field: str, more: Sequence[int]) -> list[int]:
    before = work.row.fields.get(field)
    return sorted({*(before if isinstance(before, list) else ()), *more})
