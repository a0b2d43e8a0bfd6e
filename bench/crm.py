"""Is the desk quick with a million households? Each read beside hand-written SQL for the same answer, on both databases.

    lookup     a caller's household by number: agi's own query
    list_…     a page of tickets: by kind, by estate, by who works on them, by the caller's number
    history    a household's page
    month      figures of every queue and day of a month
    complaints the complaints' monthly report: by kind, category, cause and estate, and the months before
    tick       the clocks' look at what is due, with all clocks open and with a hundredth of them

    uv run python bench/crm.py [--households 1000000] [--database sqlite|postgresql|both] [--json]

There is a call for every household, and a ticket with an open clock for every second one. Exit code 0: every read takes at most 1.5
times the database's time of the SQL (crm_reads.py says what is measured), and the tick does not grow with clocks that are not due.
1: one does. Takes half an hour at full size.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.append(sys.path.pop(0))     # this file has the name of the package that it measures: the package comes first

import crm_reads
import crm_tick
from acd_result import Result
from crm_databases import Filler, opened
from crm_fill import Desk, fill

from callcenter.site import load_site
from crm.database import Database

SITE = Path(__file__).resolve().parents[1] / "asterisk-config" / "site.yaml"


def measure(kind: str, households: int, *, quiet: bool, rounds: int, keep: Path | None) -> dict[str, Result]:
    desk = Desk(households, load_site(SITE))
    results: dict[str, Result] = {}
    with opened(kind, keep) as (database, folder):
        filled = _filled(database, desk, folder)
        for name in ("reads", "tick"):
            results[name] = crm_reads.measure(database, desk, rounds) if name == "reads" else \
                crm_tick.measure(database, desk, min(rounds, crm_tick.ROUNDS))
            if not quiet:
                print(f"{kind}, {name}: {'met' if results[name].met else 'MISSED'} ({filled})", *results[name].lines, sep="\n  ",
                      flush=True)
    return results


def _filled(database: Database, desk: Desk, folder: Path) -> str:
    """What was done. A folder that is kept says when it is full."""
    done = folder / f"full-{desk.households}"
    if done.exists():
        Filler(database).analyse()
        return done.read_text()
    began = time.monotonic()
    rows = fill(database, desk)
    said = f"filled with {sum(rows.values()):,} rows in {time.monotonic() - began:.0f} s"
    done.write_text(said)
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--rounds", type=int, default=crm_reads.ROUNDS, help="how often each read is asked")
    parser.add_argument("--keep", type=Path, help="a folder for the databases: they stay, and are not filled again there")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the tables")
    given = parser.parse_args()
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    found = {kind: measure(kind, given.households, quiet=given.json, rounds=given.rounds, keep=given.keep) for kind in kinds}
    if given.json:
        print(json.dumps({kind: {name: {"met": result.met, **result.figures} for name, result in parts.items()}
                          for kind, parts in found.items()}))
    return 0 if all(result.met for parts in found.values() for result in parts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
