"""The channels of a node, and which of them belong together: to one call, in one bridge, at one seat."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acd.ami.events import ChannelState

_NONE: Final[dict[str, Channel]] = {}


@dataclass(slots=True)
class Channel:
    """Changed by the folding alone; `linkedid` and `bridge` only through Channels, which looks channels up by them."""

    uniqueid: str
    name: str
    linkedid: str
    state: int
    created_at: datetime
    bridge: str | None = None
    has_talked: bool = False     # it has left a bridge
    on_hold: bool = False        # the phone at its end has put the other side on hold
    seat: str | None = None      # whose phone is at its end; None: nobody's of ours

    @property
    def is_up(self) -> bool:
        return self.state == ChannelState.UP

    @property
    def dials(self) -> bool:
        """The phone at its end dialled; nobody rings there."""
        return self.state == ChannelState.RING


class Channels:
    """By uniqueid, in the order in which they were made."""

    def __init__(self, channels: Iterable[Channel] = ()) -> None:
        self._all: dict[str, Channel] = {}
        self._calls: dict[str, dict[str, Channel]] = {}
        self._bridges: dict[str, dict[str, Channel]] = {}
        self._seats: dict[str, dict[str, Channel]] = {}
        for channel in channels:
            self.add(channel)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __getitem__(self, uniqueid: str) -> Channel:
        return self._all[uniqueid]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Channels) and self._all == other._all

    def __contains__(self, uniqueid: object) -> bool:
        return uniqueid in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def get(self, uniqueid: str) -> Channel | None:
        return self._all.get(uniqueid)

    def values(self) -> Collection[Channel]:
        return self._all.values()

    def of_call(self, call_id: str) -> Collection[Channel]:
        """The caller's own among them."""
        return self._calls.get(call_id, _NONE).values()

    def in_bridge(self, bridge: str | None) -> Collection[Channel]:
        """Nobody in no bridge."""
        return self._bridges.get(bridge, _NONE).values() if bridge is not None else ()

    def at_seat(self, seat: str) -> Collection[Channel]:
        return self._seats.get(seat, _NONE).values()

    def add(self, channel: Channel) -> None:
        """In place of one that had the same id."""
        self.remove(channel.uniqueid)
        self._all[channel.uniqueid] = channel
        _put(self._calls, channel.linkedid, channel)
        _put(self._bridges, channel.bridge, channel)
        _put(self._seats, channel.seat, channel)

    def remove(self, uniqueid: str) -> None:
        channel = self._all.pop(uniqueid, None)
        if channel is not None:
            _take(self._calls, channel.linkedid, channel)
            _take(self._bridges, channel.bridge, channel)
            _take(self._seats, channel.seat, channel)

    def link(self, channel: Channel, call_id: str) -> None:
        """It belongs to this call from now on."""
        if channel.linkedid != call_id:
            _take(self._calls, channel.linkedid, channel)
            channel.linkedid = call_id
            _put(self._calls, call_id, channel)

    def move(self, channel: Channel, bridge: str | None) -> None:
        """Into this bridge, or out of the one where it is."""
        if channel.bridge != bridge:
            _take(self._bridges, channel.bridge, channel)
            channel.bridge = bridge
            _put(self._bridges, bridge, channel)


def _put(groups: dict[str, dict[str, Channel]], key: str | None, channel: Channel) -> None:
    if key is not None:
        groups.setdefault(key, {})[channel.uniqueid] = channel


def _take(groups: dict[str, dict[str, Channel]], key: str | None, channel: Channel) -> None:
    """A group that is empty is forgotten, or a day's calls would stay."""
    group = groups.get(key) if key is not None else None
    if group is not None and key is not None:
        group.pop(channel.uniqueid, None)
        if not group:
            del groups[key]
