"""A run as a picture: arrivals and abandonment, waits, agents and tiers over the day, as SVG of our own. Pure; no words but
figures' names, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from crm.simulator.result import Result

STEP_S: Final = 1800.0
WIDE: Final = 960
PANEL: Final = 150
LEFT: Final = 56
COLOURS: Final = {"offered": "#7a8699", "abandoned": "#c0392b", "wait": "#1c4f9c", "agents": "#2e7d4f", "tier": "#b26a00"}


@dataclass(frozen=True)
class Interval:
    offered: int
    abandoned: int
    wait_s: float            # mean, of the answered
    agents: float            # busy, mean


def intervals(result: Result, step_s: float = STEP_S) -> list[Interval]:
    """By when a call was queued."""
    last = max((call.left_at or call.queued_at for call in result.calls), default=0.0)
    count = int(last // step_s) + 1
    offered, abandoned, answered = [0] * count, [0] * count, [0] * count
    waits, busy = [0.0] * count, [0.0] * count
    for call in result.calls:
        place = int(call.queued_at // step_s)
        if not call.is_place:
            offered[place] += 1
            abandoned[place] += call.outcome == "abandoned"
        if call.answered_at is None:
            continue
        answered[place] += 1
        waits[place] += call.answered_at - call.queued_at
        until = call.left_at if call.left_at is not None else call.answered_at
        for each in range(int(call.answered_at // step_s), int(until // step_s) + 1):
            busy[each] += max(min(until, (each + 1) * step_s) - max(call.answered_at, each * step_s), 0.0) / step_s
    return [Interval(offered[place], abandoned[place], waits[place] / answered[place] if answered[place] else 0.0, busy[place])
            for place in range(count)]


def plot(result: Result, title: str, *, expected: Sequence[float] = ()) -> str:
    """Three panels on one time axis; `expected` arrivals by interval as a dotted line."""
    rows = intervals(result)
    top = max((row.offered for row in rows), default=1)
    parts = [_bars([row.offered for row in rows], 0, COLOURS["offered"], "offered 呼入"),
             _bars([row.abandoned for row in rows], 0, COLOURS["abandoned"], "abandoned 放弃", top=top, label_at=200),
             _line([row.wait_s for row in rows], 1, COLOURS["wait"], "wait 等待 (s)"),
             _line([row.agents for row in rows], 2, COLOURS["agents"], "talking 通话中"),
             _tiers(result, len(rows))]
    if expected:
        parts.append(_line(list(expected)[: len(rows)], 0, COLOURS["wait"], "expected 预测", top=top, dotted=True, label_at=400))
    height = 3 * PANEL + 60
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{height}" viewBox="0 0 {WIDE} {height}" '
            f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
            f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>{"".join(parts)}{_hours(len(rows))}</svg>\n')


def _place(panel: int) -> float:
    return 34 + panel * PANEL + PANEL - 24.0


def _step(count: int) -> float:
    return (WIDE - LEFT - 12) / max(count, 1)


def _frame(panel: int, top: float, label: str, colour: str, label_at: int) -> str:
    base = _place(panel)
    return (f'<line x1="{LEFT}" y1="{base:.1f}" x2="{WIDE - 12}" y2="{base:.1f}" stroke="#ccc"/>'
            f'<text x="{LEFT - 6}" y="{base - PANEL + 50:.1f}" text-anchor="end" fill="#555">{top:.0f}</text>'
            f'<text x="{LEFT + 4 + label_at}" y="{base - PANEL + 40:.1f}" fill="{colour}">{escape(label)}</text>')


def _bars(values: Sequence[float], panel: int, colour: str, label: str, *, top: float | None = None, label_at: int = 0) -> str:
    most, step = max(top if top is not None else max(values, default=0), 1e-9), _step(len(values))
    base, high = _place(panel), PANEL - 50.0
    drawn = "".join(f'<rect x="{LEFT + place * step:.1f}" y="{base - value / most * high:.1f}" width="{step * 0.86:.1f}" '
                    f'height="{value / most * high:.1f}" fill="{colour}"/>' for place, value in enumerate(values) if value)
    return _frame(panel, most, label, colour, label_at) + drawn


def _line(values: Sequence[float], panel: int, colour: str, label: str, *, top: float | None = None, dotted: bool = False,
          label_at: int = 0) -> str:
    most, step = max(top if top is not None else max(values, default=0), 1e-9), _step(len(values))
    base, high = _place(panel), PANEL - 50.0
    points = " ".join(f"{LEFT + (place + 0.43) * step:.1f},{base - min(value / most, 1.2) * high:.1f}"
                      for place, value in enumerate(values))
    dash = ' stroke-dasharray="3 3"' if dotted else ""
    return (_frame(panel, most, label, colour, label_at)
            + f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>')


def _tiers(result: Result, count: int) -> str:
    """A band over the last panel for each time in which a tier was on."""
    if not result.tiers:
        return ""
    drawn, scale = [], _step(count) / STEP_S
    ends = [at for at, _ in result.tiers[1:]] + [count * STEP_S]
    for (begin, tier), end in zip(result.tiers, ends, strict=True):
        if tier:
            left, wide = LEFT + begin * scale, max((end - begin) * scale, 1)
            drawn.append(f'<rect x="{left:.1f}" y="{_place(2) + 3:.1f}" width="{wide:.1f}" height="{3 + 3 * tier}" '
                         f'fill="{COLOURS["tier"]}"><title>tier {tier}</title></rect>')
    return "".join(drawn)


def _hours(count: int) -> str:
    step = _step(count)
    return "".join(f'<text x="{LEFT + place * step:.1f}" y="{3 * PANEL + 52}" text-anchor="middle" fill="#555">'
                   f'{int(place * STEP_S // 3600) % 24:02d}</text>' for place in range(0, count + 1, 4))
