"""What is done in Asterisk for agents: the journal's entries, a wrap-up's early end, answers to a phone's keypad."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from acd.ami.events import FullyBooted, number_of
from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from acd.ami.news import Listeners
from acd.reconcile.actual import FAMILY, member_from
from callcenter.clock import Clock
from callcenter.errors import SixringError

log = structlog.get_logger(__name__)

KEPT: Final = 2_000          # entries while Asterisk is away
ANSWER_VARIABLE: Final = "ORDER_ANSWER"


class AgentLine:
    """`link_of(seat)` is the node where the seat is."""

    def __init__(self, link_of: Callable[[str | None], AmiLink], longest_wrapup: int, clock: Clock) -> None:
        """`longest_wrapup`: of all queues, in s."""
        self._link_of, self._longest_wrapup, self._clock = link_of, longest_wrapup, clock
        self._waiting: dict[str, deque[tuple[AmiLink, dict[str, str]]]] = {}      # by node: one that is down keeps none waiting
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing: set[str] = set()

    def listeners(self) -> Listeners:
        return {FullyBooted: self._booted}

    def _booted(self, node: str, event: FullyBooted) -> None:  # noqa: ARG002 - as all of them
        self._start(self._write(node))

    def journal(self, event: str, *, call_id: str | None, seat: str | None, data: Sequence[str]) -> None:
        """In order; kept while Asterisk is away, and then late rather than lost."""
        message = "|".join(part.replace("|", " ") for part in data)
        link = self._link_of(seat)
        self._waiting.setdefault(link.node, deque(maxlen=KEPT)).append((link, {
            "Queue": "NONE", "Event": event, "Uniqueid": call_id or "NONE", "Interface": seat or "NONE", "Message": message}))
        if link.node not in self._writing:
            self._start(self._write(link.node))

    async def end_wrapup(self, seat: str) -> None:
        """app_queue forgets a member's last call only with the member: each is taken out and put back in one breath.

        Static members cannot be: there app_queue's own time goes on. Raises as AmiLink.ask does.
        """
        link, interface = self._link_of(seat), f"PJSIP/{seat}"
        rows = await link.ask_list("QueueStatus", {"Member": interface})
        acts: list[Awaitable[object]] = []
        for row in rows:
            if not self._is_kept(row):
                continue
            member, queue = member_from(row), row.get("queue", "")
            acts.append(link.ask("QueueRemove", {"Queue": queue, "Interface": interface}))
            acts.append(link.ask("QueueAdd", {
                "Queue": queue, "Interface": interface, "MemberName": seat, "StateInterface": interface,
                "Penalty": str(member.penalty), "Paused": "true" if member.paused else "false", "Reason": member.reason,
                "Wrapuptime": str(member.wrapup)}))
        await asyncio.gather(*acts)

    def _is_kept(self, row: Headers) -> bool:
        """Whether app_queue may still keep calls from the member: for this queue's wrap-up, or for the last call's queue's."""
        last_call = number_of(row.get("lastcall", ""))
        return (row.get("event") == "QueueMember" and row.get("membership") == "dynamic"
                and last_call + self._longest_wrapup >= self._clock.now().timestamp())

    async def forget_emergency(self, seat: str) -> None:
        await self._quietly(seat, "DBDel", {"Family": FAMILY, "Key": f"emergency-sign-in/{seat}"})

    async def tell_phone(self, seat: str, channel: str, code: str) -> None:
        """The dialplan waits for this variable before it confirms by voice."""
        await self._quietly(seat, "Setvar", {"Channel": channel, "Variable": ANSWER_VARIABLE, "Value": code})

    async def _quietly(self, seat: str, action: str, headers: dict[str, str]) -> None:
        try:
            await self._link_of(seat).ask(action, headers)
        except SixringError as error:
            log.warning("not_done_in_asterisk", action=action, reason=error.code)

    async def _write(self, node: str) -> None:
        waiting = self._waiting.get(node)
        if node in self._writing or not waiting:
            return
        self._writing.add(node)
        try:
            while waiting:
                link, headers = waiting[0]
                await link.ask("QueueLog", headers)
                waiting.popleft()
        except SixringError as error:
            log.warning("journal_waits", node=node, entries=len(waiting), reason=error.code)
        finally:
            self._writing.remove(node)

    def _start(self, act: Awaitable[None]) -> None:
        task = asyncio.ensure_future(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
