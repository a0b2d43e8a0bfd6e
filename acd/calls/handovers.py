"""Journals attended transfers and conferences when they have happened, whoever asked: an order, keys, or a phone with two lines.

An order remembers whom it asked for (an agent, a department); of a phone's own only the number is known.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

import structlog

from acd.ami.events import ChannelCreated
from acd.ami.handover import HandedOver
from acd.ami.link import AmiLink
from acd.ami.news import Listeners
from acd.calls.line import CallLine, journal, set_variable
from acd.calls.rules import CallRules
from acd.floor.channels import Channel
from callcenter.commands import Target
from callcenter.errors import SixringError

log = structlog.get_logger(__name__)

_CONSULTATION: Final = re.compile(r"Local/([0-9*]+)@transfers-")


class Handovers:
    def __init__(self, line: CallLine) -> None:
        self._line = line
        self._asked: dict[str, Target] = {}      # call id → whom an order asked for
        self._dialled: dict[str, str] = {}       # call id → the number of [transfers] that was dialled last
        self._tasks: set[asyncio.Task[None]] = set()

    def asked(self, call_id: str, to: Target) -> None:
        self._asked[call_id] = to

    def forget(self, call_id: str) -> None:
        self._asked.pop(call_id, None)

    def listeners(self) -> Listeners:
        return {ChannelCreated: self._dialling, HandedOver: self._handed_over}

    def _dialling(self, node: str, event: ChannelCreated) -> None:  # noqa: ARG002 - as all of them
        if dialled := _CONSULTATION.match(event.channel):
            self._dialled[event.linkedid] = dialled[1]
            self._asked.pop(event.linkedid, None)      # of an earlier consultation, which keys have ended

    def _handed_over(self, node: str, event: HandedOver) -> None:
        """Decides at once: the floor goes on."""
        for link, floor in self._line.views():
            if link.node != node:
                continue
            seat = floor.plan.seat_of(event.leg)
            ways = (event.sides, event.sides[::-1])
            found = next(((call_id, other) for (call_id, _), (_, other) in ways if call_id in floor.calls), None)
            if seat is None or found is None:
                continue       # between two seats; no caller is concerned
            call_id, channel = found
            # Asterisk leaves the other channel out when it is just then replacing it by a shorter way.
            there, dialled = floor.plan.seat_of(channel), self._dialled.pop(call_id, "")
            to = self._asked.pop(call_id, None) or (Target("seat", there) if there else target_of(dialled, self._line.rules))
            self._forget_what_is_over()
            agent, caller = self._line.seating.agent_at(seat), floor.channels.get(call_id)
            task = asyncio.ensure_future(self._write(link, call_id, seat, agent, to, caller, together=event.together))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _write(self, link: AmiLink, call_id: str, seat: str, agent: str, to: Target, caller: Channel | None, *,
                     together: bool) -> None:
        try:
            if together:
                await journal(link, call_id, seat, "CONFERENCE", agent, to.kind, to.value)
                return
            await journal(link, call_id, seat, "TRANSFERRED", agent, to.kind, to.value, "attended")
            if caller is not None and (rated := _seat_at(to, self._line)):
                await set_variable(link, caller, "MEMBERNAME", rated)       # whom the caller rates afterwards
        except SixringError as error:
            log.warning("handover_not_journalled", call_id=call_id, reason=error.code)

    def _forget_what_is_over(self) -> None:
        alive = {call_id for _, floor in self._line.views() for call_id in floor.calls}
        for known in (self._asked, self._dialled):
            for call_id in known.keys() - alive:
                known.pop(call_id, None)


def target_of(number: str, rules: CallRules) -> Target:
    """Whom a number of [transfers] is."""
    department = next((name for name, code in rules.departments.items() if code == number), None)
    if department is not None:
        return Target("department", department)
    if number.startswith("*7"):
        return Target("agent", number[2:])
    return Target("outside", number[2:]) if number.startswith("*9") else Target("seat", number)


def _seat_at(to: Target, line: CallLine) -> str | None:
    match to.kind:
        case "seat":
            return to.value
        case "agent":
            entry = line.seating.book.agents.get(to.value)
            return entry.seat if entry else None
        case "department":
            end = line.rules.department_ends.get(to.value)
            return end if end in line.rules.seats else None
        case _:
            return None
