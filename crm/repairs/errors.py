"""What repairs refuse, each with its code."""

from __future__ import annotations

from callcenter.errors import Conflict


class NoRepair(Conflict):
    """Another kind of ticket."""

    code = "no_repair"


class NobodyFits(Conflict):
    """Nobody on duty has the trade: choose by hand."""

    code = "nobody_fits"


class NoEngineer(Conflict):
    """Not a user of the role."""

    code = "no_engineer"
    status = 422


class AlreadyDispatched(Conflict):
    """That engineer has it."""

    code = "already_dispatched"


class NotDispatched(Conflict):
    """Nobody has it."""

    code = "not_dispatched"


class UnknownItem(Conflict):
    """The price list has no such item, then and there."""

    code = "unknown_item"
    status = 422


class PriceExists(Conflict):
    """There is another price of the item from the same moment: choose another moment."""

    code = "price_exists"


class NoSuchCharge(Conflict):
    code = "no_such_charge"
    status = 422


class ChargeSettled(Conflict):
    """What was paid is not altered: reverse the settlement first."""

    code = "charge_settled"


class OtherSum(Conflict):
    """Not what is owed."""

    code = "other_sum"


class NothingOwed(Conflict):
    code = "nothing_owed"


class ReceiptMissing(Conflict):
    """Only what goes on account is settled without a receipt."""

    code = "receipt_missing"
    status = 422


class ReceiptUsed(Conflict):
    code = "receipt_used"


class Reversed(Conflict):
    """It was reversed before, or is a reversal itself."""

    code = "reversed"


class NotTheSame(Conflict):
    """A rework is of a repair of the same household, before it."""

    code = "not_the_same"


class FileMissing(Conflict):
    """A step names a file that has not been sent yet."""

    code = "file_missing"
