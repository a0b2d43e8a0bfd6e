"""An attended transfer as AMI tells it, once it has happened: by an order, by a phone's keys, or by its own REFER."""

from __future__ import annotations

from dataclasses import dataclass

from acd.ami.headers import Headers


@dataclass(frozen=True)
class HandedOver:
    """`leg` is the phone that transferred. The caller's side and the other's are (linked id, channel): a phone with two lines
    may begin at either. `together`: nobody left, it is a conference."""

    leg: str
    sides: tuple[tuple[str, str], tuple[str, str]]
    together: bool


def handed_over(m: Headers) -> HandedOver | None:
    if m.get("result") != "Success":
        return None
    return HandedOver(
        m.get("origtransfererchannel", ""),
        ((m.get("origtransfererlinkedid", ""), m.get("transfereechannel", "")),
         (m.get("secondtransfererlinkedid", ""), m.get("transfertargetchannel", ""))),
        m.get("desttype") == "Threeway")
