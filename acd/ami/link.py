"""One node's AMI link, which says when it is up or down and never acts twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from acd.ami.errors import AmiLost, AmiTimedOut
from acd.ami.headers import Headers
from acd.ami.news import LinkDown, LinkItem, LinkUp
from acd.ami.protocol import Ask, Protocol
from callcenter.errors import SixringError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AmiAddress:
    node: str
    host: str
    port: int
    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class LinkLimits:
    """Seconds. A half-open link is noticed after at most `ping_every + ping_reply`."""

    connect: float = 3.0
    answer: float = 5.0
    ping_every: float = 2.0
    ping_reply: float = 2.5
    first_retry: float = 0.2
    last_retry: float = 1.0


class AmiLink:
    """One node's AMI: `run()` keeps it up, `deliver` is given everything in order, from the loop's own thread.

    `deliver` must only enqueue.
    """

    def __init__(self, address: AmiAddress, deliver: Callable[[LinkItem], None], *, limits: LinkLimits | None = None) -> None:
        self.node = address.node
        self._address = address
        self._deliver = deliver
        self._limits = limits or LinkLimits()
        self._protocol: Protocol | None = None

    async def run(self) -> None:
        """Connects, and connects again, until cancelled."""
        retry = self._limits.first_retry
        while True:
            try:
                await self._session()
            except (OSError, TimeoutError, SixringError) as error:
                reason = error.code if isinstance(error, SixringError) else "ami_unreachable"
                up = isinstance(error, AmiLost | AmiTimedOut)
                retry = self._limits.first_retry if up else min(retry * 2, self._limits.last_retry)
                self._deliver(LinkDown(self.node, reason))
                log.warning("ami_link_down", node=self.node, reason=reason, retry_s=retry)
            await asyncio.sleep(retry)

    async def ask(self, action: str, headers: Mapping[str, str] | None = None, *,
                  deadline: float | None = None) -> Headers:
        """The response. Raises AmiLost, AmiTimedOut or AmiRefused; is sent once, whatever happens."""
        return (await self._send(action, headers, as_list=False, deadline=deadline))[0]

    async def ask_list(self, action: str, headers: Mapping[str, str] | None = None, *,
                       deadline: float | None = None) -> list[Headers]:
        """The items of a list action, without the response and the closing event. Raises as `ask` does."""
        return await self._send(action, headers, as_list=True, deadline=deadline)

    def drop(self) -> None:
        """Cuts the link; it comes up again with a resynchronisation. For a reader that cannot follow any more."""
        if self._protocol:
            self._protocol.abort()

    async def _send(self, name: str, headers: Mapping[str, str] | None, *, as_list: bool,
                    deadline: float | None) -> list[Headers]:
        protocol = self._protocol
        if protocol is None or protocol.lost.is_set():
            raise AmiLost(f"{name}: link to {self.node} is down")
        action = Ask(name, headers or {}, as_list=as_list)
        protocol.send_ask(action)
        try:
            async with asyncio.timeout(deadline or self._limits.answer):
                answer: list[Headers] = await action.future
                return answer
        except TimeoutError:
            raise AmiTimedOut(f"{name}: no answer from {self.node}") from None
        finally:
            protocol.forget(action)

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._limits.connect):
            _, protocol = await loop.create_connection(
                lambda: Protocol(self.node, self._deliver), self._address.host, self._address.port)
        self._protocol = protocol
        try:
            await self.ask("Login", {
                "Username": self._address.username, "Secret": self._address.secret, "Events": "on"})
            self._deliver(LinkUp(self.node))
            log.info("ami_link_up", node=self.node)
            await self._ping_until_lost(protocol)
        finally:
            self._protocol = None
            protocol.abort()

    async def _ping_until_lost(self, protocol: Protocol) -> None:
        while True:
            try:
                async with asyncio.timeout(self._limits.ping_every):
                    await protocol.lost.wait()
                raise AmiLost(f"link to {self.node} was closed")
            except TimeoutError:
                await self.ask("Ping", deadline=self._limits.ping_reply)
