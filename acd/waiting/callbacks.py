"""Callbacks that are tried again, or were asked for when nobody was there: put into the queue by order (A11).

The first try needs none of this: the dialplan begins it by itself when the caller leaves the queue. Here the same dialplan
is begun over AMI, at most once for each callback and attempt: the attempt is written to astdb before the channel is asked
for, so that neither an order that comes twice nor a crash in between makes two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from acd.ami.errors import AmiRefused
from acd.ami.link import AmiLink
from acd.bus.orders import Handlers, done, refused
from acd.floor.facts import Floor
from acd.waiting.waits import staffed
from callcenter.clock import Clock
from callcenter.commands import Answer, CancelRingBack, Order, RingBack
from callcenter.events import CallState
from callcenter.numbers import as_dialled, fits, normalise

FAMILY: Final = "sixring"
PLACED: Final = "placed"         # detail: it waits in the queue already
BEGUN: Final = "begun"           # … it was begun before; if it is gone, this attempt is over
_SHOWN: Final = frozenset(" -.")


class CallbackDesk:
    def __init__(self, queues: Sequence[str], links: Sequence[AmiLink], floors: Callable[[], Sequence[Floor]],
                 numbers: Sequence[str], clock: Clock, codecs: Sequence[str]) -> None:
        """`numbers`: patterns of who may be rung back; `codecs`: of the trunk, the best first; the dialplan has the same."""
        self._queues, self._links, self._floors, self._numbers = tuple(queues), links, floors, tuple(numbers)
        self._clock, self._codecs = clock, ",".join(codecs)

    def handlers(self) -> Handlers:
        return {RingBack: self._ring_back, CancelRingBack: self._cancel}

    async def _ring_back(self, order: Order) -> Answer:
        """`not_now`: nobody works the queue; asked again later, it does not count as an attempt."""
        command = order.command
        assert isinstance(command, RingBack)
        number = as_dialled(normalise(command.number))
        if command.queue not in self._queues:
            return refused(order, "unknown_queue")
        if not fits(self._numbers, number):
            return refused(order, "refused", "number")
        if self._waiting(command.callback_id):
            return done(order, PLACED)
        if staffed(self._floors(), self._queues)[command.queue].heads == 0:
            return refused(order, "not_now")
        link = self._link_of(command.callback_id)
        if await _rung(link, command.callback_id) >= command.attempt:
            return done(order, BEGUN)
        await link.ask("DBPut", {"Family": FAMILY, "Key": f"rung/{command.callback_id}",      # swept by acd/dialling.py
                                 "Val": f"{command.attempt}|{int(self._clock.now().timestamp())}"})
        await link.ask("Originate", {**_originate(command, number), "Codecs": self._codecs})     # [keep-place] says why
        return done(order)

    async def _cancel(self, order: Order) -> Answer:
        """Who is talking goes on talking."""
        command = order.command
        assert isinstance(command, CancelRingBack)
        waiting = self._waiting(command.callback_id)
        if any(state is CallState.TALKING for _, state in waiting):
            return refused(order, "not_now")
        link = self._link_of(command.callback_id)
        for channel, _ in waiting:
            try:
                await link.ask("Hangup", {"Channel": channel})
            except AmiRefused:
                continue      # gone meanwhile
        return done(order)

    def _waiting(self, callback_id: str) -> list[tuple[str, CallState]]:
        """(channel, state) of the places that are kept for it."""
        return [(floor.channels[call_id].name, floor.calls_shown[call_id].state)
                for floor in self._floors() for call_id, facts in floor.calls.items()
                if facts.callback_id == callback_id and call_id in floor.channels and call_id in floor.calls_shown]

    def _link_of(self, callback_id: str) -> AmiLink:
        """Of the node that the call came in on, whose name its id begins with; else the first."""
        return next((link for link in self._links if callback_id.startswith(f"{link.node}-")), self._links[0])


async def _rung(link: AmiLink, callback_id: str) -> int:
    """The last attempt that was begun, 0 for none."""
    try:
        found = await link.ask_list("DBGet", {"Family": FAMILY, "Key": f"rung/{callback_id}"})
    except AmiRefused:
        return 0
    return max((int(value) for row in found if (value := row.get("val", "").partition("|")[0]).isdigit()), default=0)


def _originate(command: RingBack, number: str) -> dict[str, str]:
    shown = "".join(char for char in command.display if char.isalnum() or char in _SHOWN)[:40]
    language = command.language if command.language in ("zh", "en") else "zh"
    variables = {
        "__CALLBACK_ID": command.callback_id, "__ATTEMPT": str(command.attempt), "__RING_BACK": number,
        "__CALL_QUEUE": command.queue, "__HOUSEHOLD": str(command.household_id or ""), "__SPEAKS": language,
        "__RANK": str(max(command.priority, 0)), "WAITS_IN": command.queue,
    }
    return {
        "Channel": "Local/s@callback-held/n", "Context": "callback-place", "Exten": "s", "Priority": "1", "Timeout": "30000",
        "Async": "true", "CallerID": f'"{shown}" <{number}>',
        "Variable": ",".join(f"{name}={value}" for name, value in variables.items()),
    }
