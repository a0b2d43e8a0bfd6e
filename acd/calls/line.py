"""The hands of the orders about calls: finds the floor and the link of a call, acts once, journals, waits for what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from acd.ami.link import AmiLink
from acd.calls.rules import CallRules, NotPossible, Why
from acd.calls.talks import Seating, Talk, talk_at
from acd.desired.state import Desired
from acd.floor.channels import Channel
from acd.floor.facts import CallFacts, Floor
from callcenter.commands import Order

SETTLES_S: Final = 2.5        # what Asterisk has accepted shows within this
_LOOK_AGAIN_S: Final = 0.02

Views = Callable[[], list[tuple[AmiLink, Floor]]]


@dataclass(frozen=True)
class Place:
    """A call, or a seat, on its node at this moment."""

    link: AmiLink
    floor: Floor


class CallLine:
    def __init__(self, views: Views, desired: Desired, rules: CallRules) -> None:
        self._views, self._desired, self.rules = views, desired, rules

    @property
    def seating(self) -> Seating:
        return Seating(self._desired.book, self._desired.roster)

    def views(self) -> list[tuple[AmiLink, Floor]]:
        return self._views()

    def talk_of(self, agent: str) -> tuple[Place, Talk]:
        """Raises NotPossible."""
        seat = self.seating.seat_of(agent)
        for link, floor in self._views():
            if seat in floor.plan.seats:
                return Place(link, floor), talk_at(floor, seat, agent)
        raise NotPossible(Why.NO_CALL)

    def place_of_seat(self, seat: str) -> Place:
        """Raises NotPossible."""
        for link, floor in self._views():
            if seat in floor.plan.seats:
                return Place(link, floor)
        raise NotPossible(Why.UNKNOWN_SEAT)

    def place_of_call(self, call_id: str) -> tuple[Place, CallFacts, Channel]:
        """Raises NotPossible."""
        for link, floor in self._views():
            facts, channel = floor.calls.get(call_id), floor.channels.get(call_id)
            if facts is not None and channel is not None:
                return Place(link, floor), facts, channel
        raise NotPossible(Why.NO_CALL)

    async def until(self, link: AmiLink, right: Callable[[Floor], bool], within: float = SETTLES_S) -> bool:
        """Whether the node's floor came to be so in time."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            if any(right(floor) for one, floor in self._views() if one is link):
                return True
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_LOOK_AGAIN_S)   # the floor is folded from events; this only looks at it


async def set_variable(link: AmiLink, channel: Channel, name: str, value: str) -> None:
    """Raises as AmiLink.ask does."""
    await link.ask("Setvar", {"Channel": channel.name, "Variable": name, "Value": value})


async def journal(link: AmiLink, call_id: str, seat: str, event: str, *data: str) -> None:
    """An entry of queue_log that lasts as long as Asterisk's own. Raises as AmiLink.ask does."""
    said = "|".join(field.replace("|", " ") for field in data)
    await link.ask("QueueLog", {"Queue": "NONE", "Event": event, "Uniqueid": call_id or "NONE", "Interface": seat or "NONE",
                                "Message": said})


async def originate(link: AmiLink, order: Order, dial: str, application: str, data: str, *, shows: tuple[str, str],
                    ring_ms: int, variables: str = "") -> None:
    """Rings a phone, which then does `application`. The order's id is the channel's: Asterisk refuses a second one.

    `shows`: name and number on the phone. Returns once it rings; raises as AmiLink.ask does.
    """
    name, number = (part.translate(_NOT_SHOWN) for part in shows)
    headers = {"Channel": dial, "Application": application, "Data": data, "Async": "true", "Timeout": str(ring_ms),
               "CallerID": f'"{name}" <{number}>', "ChannelId": f"{link.node}-order-{order.order_id}"}
    if variables:
        headers["Variable"] = variables
    await link.ask("Originate", headers)


_NOT_SHOWN: Final = str.maketrans(dict.fromkeys('"<>\\;,|', " "))
