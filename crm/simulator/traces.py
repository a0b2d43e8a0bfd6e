"""Files of past calls: our own columns, or those of the call-centre data that the Technion has published. Every bad line is named.

    at,wait_s,answered,talk_s,agent,kind,points,queue          2026-11-22T09:00:03+08:00,12,yes,184,801,repair,0,repair
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from crm.simulator.past import DAY_S, Past

OURS: Final = ("at", "wait_s", "answered", "talk_s")
TECHNION: Final = ("vru+line", "type", "date", "vru_exit", "q_start", "q_time", "outcome", "ser_start", "ser_time", "server")
YES_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
HIGH_PRIORITY_POINTS: Final = 9        # the source: starts as if it had waited 1.5 minutes


class BadTrace(ValueError):
    """A file of calls that cannot be read: the line, and what is wrong."""


@dataclass(frozen=True)
class Trace:
    """`first`: the day whose midnight is second 0. `left_out`: lines that are no call that entered a queue."""

    first: date
    calls: tuple[Past, ...]
    left_out: int

    @property
    def days(self) -> int:
        return int(max((call.at for call in self.calls), default=0.0) // DAY_S) + 1

    def part(self, begin: int, end: int) -> Trace:
        """Of those days, counted from 0, the last one left out."""
        mine = tuple(replace(call, at=call.at - begin * DAY_S) for call in self.calls if begin * DAY_S <= call.at < end * DAY_S)
        return Trace(self.first + timedelta(days=begin), mine, 0)


def read_trace(lines: Iterable[str]) -> Trace:
    """Raises BadTrace."""
    kept = iter(lines)
    head = next(kept, "").rstrip("\r\n")
    separator = "\t" if "\t" in head else ","
    names = head.split(separator)
    rows = csv.DictReader(kept, fieldnames=names, delimiter=separator)
    reads = _technion if set(TECHNION) <= set(names) else _ours if set(OURS) <= set(names) else None
    if reads is None:
        raise BadTrace(f"line 1: has neither the columns {', '.join(OURS)} nor those of the published data")
    found: list[tuple[date, Past]] = []
    left_out = 0
    for number, row in enumerate(rows, start=2):
        try:
            one = reads(row)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise BadTrace(f"line {number}: {error}") from error
        if one is None:
            left_out += 1
        else:
            found.append(one)
    if not found:
        raise BadTrace("no call in it has entered a queue")
    first = min(day for day, _ in found)
    calls = [replace(call, at=call.at + (day - first).days * DAY_S) for day, call in found]
    return Trace(first, tuple(sorted(calls, key=lambda call: call.at)), left_out)


def _ours(row: Mapping[str, str]) -> tuple[date, Past] | None:
    at = datetime.fromisoformat(row["at"])
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    answered = YES_NO.get(row["answered"].strip().casefold())
    if answered is None:
        raise ValueError(f"answered is one of {', '.join(YES_NO)}, not {row['answered']!r}")
    call = Past((at - midnight).total_seconds(), _length(row["wait_s"]), answered, _length(row["talk_s"] or "0"),
                row.get("agent") or "", row.get("kind") or "", int(row.get("points") or 0), row.get("queue") or "calls")
    return at.date(), call


def _length(text: str) -> float:
    if not 0 <= (seconds := float(text)) < math.inf:
        raise ValueError(f"{text} is no length in seconds")
    return seconds


def _technion(row: Mapping[str, str]) -> tuple[date, Past] | None:
    """Left out: PHANTOM lines, and callers who hung up before there was a queue (HANG with q_start 0:00:00), as those of whole
    hours in which the line was broken. An answered call with q_start 0:00:00 did not wait."""
    answered = row["outcome"] == "AGENT"
    queued = row["q_start"] != "0:00:00"
    if row["outcome"] == "PHANTOM" or (not answered and not queued):
        return None
    wait = float(row["q_time"]) if queued else 0.0
    at = _clock(row["ser_start"]) - wait if answered else _clock(row["q_start"])
    stamp = row["date"]
    day = date(1900 + int(stamp[:2]), int(stamp[2:4]), int(stamp[4:]))
    return day, Past(max(at, 0.0), wait, answered, float(row["ser_time"]) if answered else 0.0, row["server"], row["type"],
                     HIGH_PRIORITY_POINTS if row["priority"] == "2" else 0)


def _clock(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60 + int(seconds)
