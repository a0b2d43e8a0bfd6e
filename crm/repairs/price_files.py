"""The price list as a file: read in all or nothing with every bad row named, written so that it can be read in again."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden
from crm.households.export import harmless
from crm.households.models import Estate
from crm.repairs.models import Price
from crm.repairs.prices import KEEPS, NewPrice, put
from crm.roster.importer import estates_by_name
from crm.roster.table import FileReport, Row, fault, read_rows
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

COLUMNS: Final = ("code", "estate", "zh", "en", "sort", "unit", "price", "free_in_warranty", "valid_from")
MORE: Final = ("retired",)
HEADINGS: Final = {"代码": "code", "小区": "estate", "项目": "zh", "名称": "zh", "英文": "en", "类别": "sort", "单位": "unit",
                   "单价": "price", "保修免费": "free_in_warranty", "生效": "valid_from", "停用": "retired"}
CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")
PRICE: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
SORTS: Final = {"labour": "labour", "人工": "labour", "part": "part", "材料": "part"}
YES_NO: Final = {"yes": True, "是": True, "no": False, "否": False, "": False}


def bring_in(session: Session, actor: Actor, data: bytes, now: datetime, tz: tzinfo, *, dry_run: bool) -> FileReport:
    """A line that is there already, word for word, is none: safe to repeat. Raises Forbidden."""
    if not actor.has(*KEEPS):
        raise Forbidden
    rows, faults, count = read_rows(data, COLUMNS, MORE, HEADINGS)
    new: list[NewPrice] = []
    keys: set[tuple[str, int | None, datetime]] = set()
    estates = estates_by_name(session)
    settled = {(one.code, one.estate_id, one.valid_from): one for one in session.scalars(select(Price))} if rows else {}
    for row in rows:
        one = _price(estates, actor, row, tz)
        if one is None:
            continue
        key = (one.code, one.estate_id, one.valid_from)
        there = settled.get(key)
        if key in keys:
            faults.append(fault(row.number, "code", "twice", one.code))
        elif there is not None and _new(there) != one:
            faults.append(fault(row.number, "valid_from", "settled", one.code))
        elif there is None:
            new.append(one)
        keys.add(key)
    if faults:
        return FileReport(dry_run, count, tuple(faults))
    if not dry_run and new:
        for one in new:
            put(session, actor, one, now)
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="prices.imported", subject="prices",
                     detail=f"rows={count} sha256={hashlib.sha256(data).hexdigest()}")
    return FileReport(dry_run, count, (), len(new), count - len(new))


def exported(session: Session, actor: Actor) -> bytes:
    """Every line of the actor's estates and the general ones, as CSV."""
    names: dict[int, str] = dict(session.execute(select(Estate.id, Estate.name)).all())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *MORE])
    for row in session.scalars(select(Price).order_by(Price.code, Price.valid_from, Price.id)):
        if actor.sees(row.estate_id):
            cells = (row.code, names[row.estate_id] if row.estate_id is not None else "", row.zh, row.en, row.sort, row.unit,
                     f"{row.price:.2f}", "yes" if row.free_in_warranty else "no", row.valid_from.isoformat(),
                     "yes" if row.retired else "no")
            writer.writerow([harmless(cell) for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _price(estates: Mapping[str, int], actor: Actor, row: Row, tz: tzinfo) -> NewPrice | None:
    code, zh, en, unit = (row.text(column, longest) for column, longest in (("code", 20), ("zh", 60), ("en", 80), ("unit", 10)))
    if code and not CODE.fullmatch(code):
        row.fault("code", "code", code)
    estate = row.text("estate", 60, required=False)
    estate_id = estates.get(estate)
    if estate and estate_id is None:
        row.fault("estate", "estate_unknown", estate)
    elif (estate_id is None and actor.estates is not None) or not actor.sees(estate_id):
        row.fault("estate", "estate_forbidden", estate)
    sort, price = row.text("sort", 10), row.text("price", 12)
    if sort and sort not in SORTS:
        row.fault("sort", "sort", sort)
    if price and not PRICE.fullmatch(price):
        row.fault("price", "price", price)
    flags = {}
    for column in ("free_in_warranty", "retired"):
        word = row.text(column, 5, required=False).casefold()
        if word not in YES_NO:
            row.fault(column, "yes_no", word)
        flags[column] = YES_NO.get(word, False)
    valid_from = _day(row, tz)
    if not row.is_good or valid_from is None:
        return None
    return NewPrice(code, estate_id, zh, en, SORTS[sort], unit, Decimal(price).quantize(Decimal("0.01")), flags["free_in_warranty"],
                    valid_from, flags["retired"])


def _day(row: Row, tz: tzinfo) -> datetime | None:
    """A day begins at the site's midnight; or a moment with an offset, as the export writes it."""
    text = row.text("valid_from", 40)
    if not text:
        return None
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError(text)
        else:
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=tz)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        row.fault("valid_from", "date", text)
        return None


def _new(row: Price) -> NewPrice:
    return NewPrice(row.code, row.estate_id, row.zh, row.en, row.sort, row.unit, row.price, row.free_in_warranty, row.valid_from,
                    row.retired)
