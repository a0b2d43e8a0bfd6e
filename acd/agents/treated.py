"""Callers with a treatment, as crm publishes them: part of the book, and so reconciled into Asterisk's own database."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import structlog
from pydantic import ValidationError

from acd.bus.values import Kept
from callcenter.bus import Bus
from callcenter.treated import MOST, TREATED, TREATED_KEY

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 5.0
KEY: Final = re.compile(r"[0-9]{1,20}")      # what the dialplan can ask for
LEVEL: Final = re.compile(r"[a-z]{1,10}")


class TreatedKeeper:
    def __init__(self, bus: Bus, take: Callable[[dict[str, str]], None], *, every_s: float = LOOK_EVERY_S) -> None:
        self._kept, self._take = Kept(bus, TREATED_KEY, every_s=every_s), take

    async def run(self) -> None:
        async for raw in self._kept.new_values():
            if (found := treated_in(raw)) is not None:
                self._take(found)


def treated_in(raw: bytes) -> dict[str, str] | None:
    """What cannot be asked for in astdb is left out. None for what cannot be read at all: the last list holds."""
    try:
        said = TREATED.validate_json(raw)
    except ValidationError as error:
        log.error("treated_not_understood", faults=error.error_count())
        return None
    fit = {key: level for key, level in said.items() if KEY.fullmatch(key) and LEVEL.fullmatch(level)}
    return dict(list(fit.items())[:MOST])
