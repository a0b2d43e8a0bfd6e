"""What an engineer's phone may say was done, and when it counts as done. Pure: the phone may have had no network for days.

Each step has an id of the phone's, the moment at which it was done by the phone's clock, and the step upon which it was made:
so the steps of a phone are a chain, and are taken in its order whatever the order in which they arrive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.text_types import ODD_IN_LINES
from crm.kinds.schema import ID


class What(StrEnum):
    ACCEPTED = "accepted"          # signed for
    DECLINED = "declined"          # sent back before it was begun
    ON_SITE = "on_site"
    GRADED = "graded"              # F3
    FOUND = "found"                # the fault, the plan, whether it is to be paid for
    CHARGED = "charged"            # labour or a part, by the price list
    UNCHARGED = "uncharged"
    PRICED = "priced"              # the household was told the price
    AGREED = "agreed"              # … and agreed to it
    REFUSED = "refused"            # … or not
    BEGUN = "begun"
    WAITS = "waits"
    PHOTO = "photo"
    NOTED = "noted"
    TRIED = "tried"                # done and tried
    SIGNED = "signed"              # by the household
    PAID = "paid"
    HANDED_BACK = "handed_back"    # cannot be done, or not by this trade


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ItemCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,19}$")]
Grade = Literal["a", "b", "c"]


class Nothing(Data):
    pass


class Why(Data):
    reason: Short


class Graded(Data):
    grade: Grade


class Found(Data):
    fault: Text
    plan: Text
    chargeable: bool
    grade: Grade | None = None


class Charged(Data):
    code: ItemCode
    quantity: Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=3)] = Decimal(1)
    discount: Money = Decimal("0.00")
    discount_reason: Short | None = None
    in_warranty: bool = False


class Uncharged(Data):
    charge: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$", to_lower=True)]     # the step that charged it


class Priced(Data):
    price: Money | None = None          # what was told; left out: the sum of the charges


class Waits(Data):
    waits_for: Annotated[str, StringConstraints(pattern=ID)]


class Photo(Data):
    files: Annotated[list[Sha256], Field(min_length=1, max_length=20)]


class Noted(Data):
    text: Text


class Tried(Data):
    result: Text


class Signed(Data):
    """A picture of the signature, or who signed: the time is the step's."""

    file: Sha256 | None = None
    name: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None


class Paid(Data):
    method: Literal["cash", "transfer", "wechat", "alipay", "on_account"]
    amount: Money
    receipt: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None


class HandedBack(Data):
    reason: Short
    skill: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}$")] | None = None     # the trade that it needs


DATA: Final[Mapping[What, type[Data]]] = {
    What.ACCEPTED: Nothing, What.DECLINED: Why, What.ON_SITE: Nothing, What.GRADED: Graded, What.FOUND: Found,
    What.CHARGED: Charged, What.UNCHARGED: Uncharged, What.PRICED: Priced, What.AGREED: Priced, What.REFUSED: Why,
    What.BEGUN: Nothing, What.WAITS: Waits, What.PHOTO: Photo, What.NOTED: Noted, What.TRIED: Tried, What.SIGNED: Signed,
    What.PAID: Paid, What.HANDED_BACK: HandedBack,
}
# Steps after the work: also of a ticket that is closed meanwhile, money that was taken is money that was taken.
ALSO_WHEN_CLOSED: Final = frozenset({What.PAID, What.PHOTO, What.NOTED})


class Flag(StrEnum):
    """What is odd about a step's time; it counts, if flagged as unsound, from when it arrived."""

    IN_THE_FUTURE = "in_the_future"              # unsound: the phone's clock is fast
    BEFORE_DISPATCH = "before_dispatch"          # unsound: before the engineer had it
    BEFORE_ITS_BASE = "before_its_base"          # unsound: before the step upon which it was made
    SENT_LATE = "sent_late"                      # sound, and a leader may wish to ask


@dataclass(frozen=True)
class Rules:
    """Of the site file."""

    slack: timedelta
    sent_late: timedelta


@dataclass(frozen=True)
class Counted:
    at: datetime
    flags: tuple[Flag, ...]


def counted(done_at: datetime, arrived_at: datetime, dispatched_at: datetime | None, base_at: datetime | None,
            rules: Rules) -> Counted:
    """When a step counts as done: when the phone says, if that can be; else when it arrived.

    It can be when it lies between the order (and the step before) and the arrival; a clock that is off by no more than the slack
    is put right without a word. So nobody gains by a clock that is set back further than to where the work could have begun."""
    flags: list[Flag] = []
    if done_at > arrived_at + rules.slack:
        flags.append(Flag.IN_THE_FUTURE)
    if dispatched_at is not None and done_at < dispatched_at - rules.slack:
        flags.append(Flag.BEFORE_DISPATCH)
    if base_at is not None and done_at < base_at - rules.slack:
        flags.append(Flag.BEFORE_ITS_BASE)
    if flags:
        return Counted(arrived_at, tuple(flags))
    if arrived_at - done_at > rules.sent_late:
        flags.append(Flag.SENT_LATE)
    earliest = [moment for moment in (dispatched_at, base_at) if moment is not None]
    return Counted(min(max([done_at, *earliest]), arrived_at), tuple(flags))


def digest_of(what: str, after: str | None, order: str | None, done_at: datetime, data: Mapping[str, Any]) -> str:
    """The same step again has the same; the same id with another is a fault of the phone."""
    said = json.dumps([what, after, order, done_at.isoformat(), data], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def clean(value: Any) -> Any:
    """Without what no form means and a database may refuse: controls, halves of characters, numbers without end."""
    if isinstance(value, str):
        return ODD_IN_LINES.sub("", value)
    if isinstance(value, dict):
        return {clean(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
