"""Sums in yuan, to the cent: what a line costs, what is owed. Pure; and how the database keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from callcenter.errors import Conflict

CENT: Final = Decimal("0.01")
THOUSANDTH: Final = Decimal("0.001")
NOTHING: Final = Decimal("0.00")
MOST: Final = Decimal(10_000_000)


class Yuan(TypeDecorator[Decimal]):
    """Whole cents: SQLite has no decimals, and a float is no sum."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int((value / CENT).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else (Decimal(value) * CENT).quantize(CENT)


class Quantity(TypeDecorator[Decimal]):
    """Whole thousandths: 2.5 m of pipe, 0.75 h."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int((value / THOUSANDTH).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else (Decimal(value) * THOUSANDTH).quantize(THOUSANDTH)


class DiscountTooLarge(Conflict):
    """More than the line costs."""

    code = "discount_too_large"
    status = 422


class DiscountWithoutReason(Conflict):
    code = "discount_without_reason"
    status = 422


class NotFreeInWarranty(Conflict):
    """The price list does not say that this item costs nothing within warranty."""

    code = "not_free_in_warranty"
    status = 422


class SumTooLarge(Conflict):
    code = "sum_too_large"
    status = 422


@dataclass(frozen=True)
class Line:
    """What a charge is made of: `free` is within warranty."""

    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = NOTHING
    discount_reason: str | None = None
    free: bool = False


def rounded(value: Decimal) -> Decimal:
    """To the cent, half up, as a till does."""
    return value.quantize(CENT, ROUND_HALF_UP)


def amount_of(line: Line) -> Decimal:
    """quantity × unit price, rounded, less the discount; nothing within warranty. Raises Discount…, SumTooLarge."""
    if line.free:
        return NOTHING
    gross = rounded(line.quantity * line.unit_price)
    if gross > MOST:
        raise SumTooLarge
    if line.discount > gross:
        raise DiscountTooLarge
    if line.discount and not line.discount_reason:
        raise DiscountWithoutReason
    return gross - line.discount


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)
