"""How alike two runs of one trace of callers are, call by call and in all: a real one and the simulator's, or two real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from crm.simulator.result import Passed
from crm.simulator.scenario import Caller
from hotline.traced import Happened, Played

EDGE_S = 1.0


@dataclass(frozen=True)
class Ended:
    """A call as it went. `stage`: how far it came, beyond teams nothing is told apart."""

    patience_s: float
    outcome: str
    wait_s: float
    stage: int
    seat: str


def lived(one: Played) -> Ended:
    return Ended(one.caller.patience_s, one.outcome, one.wait_s, one.stage, one.seat)


def simulated(one: Passed) -> Ended:
    return Ended(one.caller.patience_s, one.outcome, one.wait_s or 0.0, min(one.stage, 2), one.agent or "")


@dataclass(frozen=True)
class Totals:
    answered: float
    mean_s: float                     # of all callers, and of those who were answered
    answered_mean_s: float
    ninth_s: float                    # 90 % waited less
    later: float                      # share that reached backup or beyond


def totals(calls: Sequence[Ended]) -> Totals:
    waits = sorted(call.wait_s for call in calls)
    answered = [call.wait_s for call in calls if call.outcome == "answered"]
    return Totals(len(answered) / len(calls), fmean(waits), fmean(answered), waits[int(0.9 * (len(waits) - 1))],
                  fmean(call.stage > 0 for call in calls))


@dataclass(frozen=True)
class Likeness:
    """`unlike`: the places of calls with another outcome that were not within a second of the caller's patience on either side:
    there chance decides."""

    same: float
    unlike: tuple[int, ...]
    mean: float                       # the second's mean wait ÷ the first's
    off_s: tuple[float, float, float]  # what a call's wait is off by: median, 90 %, most


def alike(first: Sequence[Ended], second: Sequence[Ended]) -> Likeness:
    pairs = list(zip(first, second, strict=True))
    off = sorted(abs(one.wait_s - other.wait_s) for one, other in pairs)
    return Likeness(fmean(one.outcome == other.outcome for one, other in pairs),
                    tuple(place for place, (one, other) in enumerate(pairs) if one.outcome != other.outcome
                          and not (at_the_edge(one) or at_the_edge(other))),
                    totals(second).mean_s / totals(first).mean_s,
                    (off[len(off) // 2], off[int(0.9 * (len(off) - 1))], off[-1]))


def at_the_edge(call: Ended) -> bool:
    return call.outcome == "answered" and abs(call.wait_s - call.patience_s) <= EDGE_S


def keep(path: Path, lives: Sequence[Sequence[Played]]) -> None:
    rows = [[{name: value for name, value in vars(one).items() if name not in ("caller", "ringing", "steps")}
             | {"caller": asdict(one.caller), "steps": [asdict(step) for step in one.steps]} for one in life] for life in lives]
    path.write_text(json.dumps(rows))


def kept(path: Path) -> list[list[Played]]:
    """What `keep` has written, to be compared again with another simulator."""
    return [[Played(**row | {"caller": Caller(**row["caller"] | {"picked_after": tuple(row["caller"]["picked_after"])}),
                             "steps": [Happened(**step) for step in row["steps"]]}) for row in life]
            for life in json.loads(path.read_text())]
