"""`/repairs/prices`, and a repair's charges and settlements by the desk (F6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.text_types import line
from crm.bills.money import CENT
from crm.repairs import desk, price_files, prices
from crm.repairs.charges import NewCharge
from crm.repairs.prices import NewPrice, PriceShown
from crm.repairs.reading import RepairRead
from crm.repairs.steps import ItemCode
from crm.roster.table import FileReport
from crm.staff.actor import Actor
from dashboard.access import STAFFING, acting
from dashboard.api.households_files import FILE_SENT, TYPES, sent_file
from dashboard.api.repairs import CHANGES, Money, answer, told
from dashboard.api.tickets import Line, RowId, TicketId, Works
from dashboard.manners import ONCE, IfMatch, Once
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/repairs", tags=["repairs"])

Keeps = Annotated[Actor, Depends(acting(*STAFFING), scope="function")]
Word = Annotated[str, line(60)]
Yuan = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=9, decimal_places=2)]
Ident = Annotated[int, Path(ge=1, le=2**31 - 1)]


class PriceGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: ItemCode
    estate_id: RowId | None = Field(None, description="null: the general list")
    zh: Word
    en: Word
    sort: Literal["labour", "part"]
    unit: Annotated[str, line(10)]
    price: Yuan
    free_in_warranty: bool = False
    valid_from: Moment
    retired: bool = Field(False, description="from then on it is not on the list")


class PriceList(BaseModel):
    items: list[PriceShown]


class ChargeGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: ItemCode
    quantity: Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=3)] = Decimal(1)
    discount: Yuan = Decimal("0.00")
    discount_reason: Line | None = None
    in_warranty: bool = False


class SettlementGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: Literal["cash", "transfer", "wechat", "alipay", "on_account"]
    amount: Yuan = Field(description="all that is owed")
    receipt: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,40}$")] | None = None


class ReversalGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, line(200)]
    receipt: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,40}$")] | None = None


@router.get("/prices", responses=responses(401, 403, 404, 422, 503))
def list_prices(
    actor: Works, session: Reading, services: Given, estate_id: Annotated[RowId | None, Query()] = None, at: Moment | None = None,
    all_of_them: Annotated[bool, Query(alias="all", description="every line there is, of every moment")] = False,
) -> PriceList:
    """What counts at a moment (now) in an estate, by code."""
    return PriceList(items=prices.price_list(session, actor, estate_id, at or services.clock.now(), all_of_them=all_of_them))


@router.post("/prices", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def add_price(actor: Keeps, session: Writing, services: Given, once: Once, given: PriceGiven) -> PriceShown:
    """From a moment on. Nothing is overwritten: what was done before was done at the price of before."""
    new = NewPrice(given.code, given.estate_id, given.zh, given.en, given.sort, given.unit, given.price.quantize(CENT),
                   given.free_in_warranty, given.valid_from, given.retired)
    return once(PriceShown, lambda: prices.add_price(session, actor, new, services.clock.now()))


@router.post("/prices/import", openapi_extra=FILE_SENT, responses=responses(400, 401, 403, 411, 413, *ONCE, 503))
def import_prices(
    actor: Keeps, data: Annotated[bytes, Depends(sent_file)], reading: Reading, session: Writing, once: Once, services: Given,
    dry_run: Annotated[bool, Query(description="only say what would be done")] = False,
) -> FileReport:
    """All of the file, or nothing when a single row has a fault: then every fault is listed. Safe to repeat."""
    now = services.clock.now()
    if dry_run:
        return price_files.bring_in(reading, actor, data, now, services.timezone, dry_run=True)
    return once(FileReport, lambda: price_files.bring_in(session, actor, data, now, services.timezone, dry_run=False))


@router.get("/prices/export", response_class=Response, responses={
    200: {"description": "the file", "content": {TYPES["csv"]: {"schema": {"type": "string"}}}}, **responses(401, 403, 503)})
def export_prices(actor: Keeps, session: Reading) -> Response:
    """Every line, as CSV; can be imported again."""
    return Response(price_files.exported(session, actor), media_type=TYPES["csv"],
                    headers={"Content-Disposition": 'attachment; filename="prices.csv"'})


@router.post("/{ticket_id}/charges", status_code=201, responses=CHANGES)
def add_charge(actor: Money, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
               ticket_id: TicketId, given: ChargeGiven) -> RepairRead:
    """By the price list, now. Dearer than was agreed, the price must be agreed to anew before the repair is done."""
    new = NewCharge(given.code, given.quantity, given.discount, given.discount_reason, given.in_warranty)

    def work() -> RepairRead:
        desk.add_charge(session, actor, ticket_id, new, services.clock.now(), services.timezone, if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))


@router.delete("/{ticket_id}/charges/{charge_id}", responses=CHANGES)
def take_off(actor: Money, session: Writing, services: Given, if_version: IfMatch, response: Response, ticket_id: TicketId,
             charge_id: Ident) -> RepairRead:
    """It stays on the bill, marked as taken off."""
    desk.take_off(session, actor, ticket_id, charge_id, services.clock.now(), if_version)
    return told(response, answer(session, actor, services, ticket_id))


@router.post("/{ticket_id}/settlements", status_code=201, responses=CHANGES)
def settle(actor: Money, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
           ticket_id: TicketId, given: SettlementGiven) -> RepairRead:
    """All that is owed was paid, or goes on account."""
    def work() -> RepairRead:
        desk.settle(session, actor, ticket_id, given.method, given.amount, given.receipt, services.clock.now(), if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))


@router.post("/{ticket_id}/settlements/{settlement_id}/reverse", status_code=201, responses=CHANGES)
def reverse(actor: Money, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
            ticket_id: TicketId, settlement_id: Ident, given: ReversalGiven) -> RepairRead:
    """By an entry with the sum negative; what it had settled is owed again."""
    def work() -> RepairRead:
        desk.reverse(session, actor, ticket_id, settlement_id, given.reason, given.receipt, services.clock.now(), if_version)
        return answer(session, actor, services, ticket_id)

    return told(response, once(RepairRead, work))
