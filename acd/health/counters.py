"""Tells each minute what app_queue has counted by itself, so that crm can hold its own figures against it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from acd.ami.events import number_of
from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from callcenter.clock import Clock
from callcenter.drills import is_drill_queue
from callcenter.errors import SixringError
from callcenter.events import AsteriskCounted
from callcenter.stages import stage_of

EVERY_S: Final = 60.0
FIRST_S: Final = 5.0         # until an Asterisk has answered once

log = structlog.get_logger(__name__)


class Counters:
    """`links` is read at each round, so that it may be filled after construction."""

    def __init__(self, links: Sequence[AmiLink], clock: Clock, put: Callable[[AsteriskCounted], None]) -> None:
        self._links, self._clock, self._put = links, clock, put

    async def run(self) -> None:
        while True:
            told = False
            for link in self._links:
                try:
                    core = await link.ask("CoreStatus")
                    rows = await link.ask_list("QueueStatus")
                except SixringError as error:
                    log.debug("not_counted", node=link.node, reason=error.code)
                    continue
                for counted in counted_in(link.node, core, rows, self._clock.now()):
                    self._put(counted)
                    told = True
            await asyncio.sleep(EVERY_S if told else FIRST_S)


def counted_in(node: str, core: Headers, rows: Sequence[Headers], now: datetime) -> list[AsteriskCounted]:
    """Of each queue in QueueStatus's answer; none when Asterisk does not say since when it counts."""
    since = _started_at(core)
    if since is None:
        return []
    found = []
    for row in rows:
        if row.get("event") != "QueueParams":
            continue
        name = row.get("queue", "")
        if is_drill_queue(name):
            continue
        stage = stage_of(name)
        found.append(AsteriskCounted(
            now, node, name, stage.queue, stage.number, number_of(row.get("calls", "")),
            number_of(row.get("completed", "")), number_of(row.get("abandoned", "")), since))
    return found


def _started_at(core: Headers) -> datetime | None:
    """Asterisk says it in its machine's local time, which is ours too."""
    try:
        local = datetime.fromisoformat(f"{core.get('corestartupdate', '')}T{core.get('corestartuptime', '')}")
    except ValueError:
        return None
    return local.astimezone(UTC)
