"""What a link delivers, and who listens to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from acd.ami.events import AmiEvent


@dataclass(frozen=True)
class LinkUp:
    """Logged in. Asterisk says FullyBooted on its own as soon as asking makes sense, perhaps before this."""

    node: str


@dataclass(frozen=True)
class LinkDown:
    node: str
    reason: str      # an error's code


class LinkEvents(NamedTuple):
    """What one reading of the socket brought, in order, each with Asterisk's own time of it; None when it did not say."""

    node: str
    events: Sequence[tuple[AmiEvent, datetime | None]]


LinkItem = LinkUp | LinkDown | LinkEvents
News = LinkUp | LinkDown | AmiEvent
Listener = Callable[[str, Any], None]
"""Is given the node and the news."""
Listeners = Mapping[type[News], Listener]
