"""How a callback goes on, entry by entry of the journal. Pure.

| state            | entry                                  | next                                                      |
|------------------|----------------------------------------|-----------------------------------------------------------|
| –                | CALLBACK                               | WAITING; due at once, unless the dialplan keeps its place |
| WAITING, RETRY   | PLACE                                  | WAITING: in the queue                                     |
| WAITING          | CONNECT of the place                   | RINGING                                                   |
| any open         | RANGBACK answered                      | TALKING                                                   |
| any open         | RANGBACK busy, noanswer, failed        | RETRY after `retry`; FAILED after `tries`                 |
| TALKING          | ENDED of the place                     | DONE                                                      |
| WAITING, RINGING | ENDED of the place, Asterisk restarted | RETRY soon: nobody was rung                               |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcenter.board import OVER
from callcenter.events import Callback, CallbackState
from crm.calls import entries as e

PLACE_WITHIN: Final = timedelta(seconds=60)    # the dialplan begins a place within milliseconds; later it never will
SOON: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class RetryRule:
    """From the site file's `desk`."""

    tries: int = 3
    retry: timedelta = timedelta(minutes=10)


@dataclass(frozen=True)
class Kept:
    """A callback, with what only the database needs of it."""

    shown: Callback
    household_id: int | None = None
    language: str | None = None
    place: str | None = None

    @property
    def is_over(self) -> bool:
        return self.shown.state in OVER


def asked(entry: e.CallbackAsked, household_id: int | None, language: str | None) -> Kept | None:
    """None for who has one already, or asked outside every queue."""
    if entry.kept == "already" or entry.queue is None:
        return None
    due = entry.at + PLACE_WITHIN if entry.kept else entry.at
    return Kept(Callback(entry.call_id, entry.queue, entry.number, CallbackState.WAITING, entry.at, entry.at,
                         next_at=due, call_id=entry.call_id), household_id, language)


def after(kept: Kept, entry: e.CallEntry, rule: RetryRule) -> Kept:
    match entry:
        case e.Placed(call_id=place, attempt=attempt) if not kept.is_over or kept.shown.state is CallbackState.CANCELLED:
            # A cancelled one may still come into the queue: it is remembered, to be taken out again.
            state = kept.shown.state if kept.is_over else CallbackState.WAITING
            return replace(_to(kept, state, entry.at), place=place,
                           shown=replace(_to(kept, state, entry.at).shown, attempts=max(attempt, kept.shown.attempts)))
        case e.RangBack(attempt=attempt, result=result) if not kept.is_over and attempt == kept.shown.attempts:
            if result == "answered":
                return _to(kept, CallbackState.TALKING, entry.at)
            if attempt >= rule.tries:
                return _to(kept, CallbackState.FAILED, entry.at)
            return _to(kept, CallbackState.RETRY, entry.at, entry.at + rule.retry)
        case e.Connected(call_id=place) if place == kept.place and kept.shown.state is CallbackState.WAITING:
            return _to(kept, CallbackState.RINGING, entry.at)
        case e.Ended(call_id=place) if place == kept.place:
            return place_lost(kept, entry.at)
        case _:
            return kept


def place_lost(kept: Kept, at: datetime) -> Kept:
    """The channel that kept the place is gone."""
    gone = replace(kept, place=None)
    match kept.shown.state:
        case CallbackState.TALKING:
            return _to(gone, CallbackState.DONE, at)
        case CallbackState.WAITING | CallbackState.RINGING:
            return _to(gone, CallbackState.RETRY, at, at + SOON)
        case _:
            return gone


def cancelled(kept: Kept, at: datetime) -> Kept:
    return kept if kept.is_over else _to(kept, CallbackState.CANCELLED, at)


def _to(kept: Kept, state: CallbackState, at: datetime, next_at: datetime | None = None) -> Kept:
    since = kept.shown.since if kept.shown.state is state else at
    return replace(kept, shown=replace(kept.shown, state=state, since=since, next_at=next_at))
