"""The floor as Asterisk has it: members from QueueStatus, switches from its database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from acd.ami.events import number_of
from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from acd.ami.members import Member, Place
from acd.reconcile.wanted import Actual

FAMILY: Final = "sixring"


async def read_actual(link: AmiLink) -> Actual:
    """Raises as AmiLink.ask_list does."""
    queues = await link.ask_list("QueueStatus")
    return actual_from(queues, await link.ask_list("DBGetTree", {"Family": FAMILY}))


def actual_from(queues: Iterable[Headers], database: Iterable[Headers]) -> Actual:
    """From the items of both lists."""
    names: set[str] = set()
    members: dict[Place, Member] = {}
    for row in queues:
        match row.get("event"):
            case "QueueParams":
                names.add(row.get("queue", ""))
            case "QueueMember":
                members[Place(row.get("queue", ""), row.get("location", ""))] = member_from(row)
    prefix = f"/{FAMILY}/"
    switches = {key.removeprefix(prefix): row.get("val", "")
                for row in database if (key := row.get("key", "")).startswith(prefix)}
    return Actual(members, switches, frozenset(names))


def member_from(row: Headers) -> Member:
    """Of a QueueMember row or a QueueMember… event. The reason given for an unpause is no state."""
    paused = row.get("paused") == "1"
    return Member(number_of(row.get("penalty", "")), paused, row.get("pausedreason", "") if paused else "",
                  dynamic=row.get("membership") == "dynamic", wrapup=number_of(row.get("wrapuptime", "")))
