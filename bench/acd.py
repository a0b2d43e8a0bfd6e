"""Is the ACD's own share small enough? Parts, each with a bar of its own, in one run.

    ring       from the entry into a queue to the first ring, beside bare app_queue
    ingest     AMI bytes to live floor state, beside panoramisk's bare parsing of the same bytes
    reconcile  the difference between two floors of 1,000 agents in 100 queues, and how it grows

    uv run python bench/acd.py [part …] [--json]

Exit code 0: every bar of the parts that ran is met. 1: one is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Final

sys.path.append(sys.path.pop(0))     # this file has the name of the package that it measures: the package comes first

import acd_first_ring
import acd_ingest
import acd_reconcile
from acd_result import Result

PARTS: Final[dict[str, Callable[[], Result]]] = {
    "ring": acd_first_ring.measure,
    "ingest": acd_ingest.measure,
    "reconcile": acd_reconcile.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them if none is named")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the tables")
    given = parser.parse_args()
    results: dict[str, Result] = {}
    for name in given.parts or PARTS:
        results[name] = PARTS[name]()
        if not given.json:
            print(f"{name}: {'met' if results[name].met else 'MISSED'}", *results[name].lines, sep="\n  ", flush=True)
    if given.json:
        print(json.dumps({name: {"met": result.met, **result.figures} for name, result in results.items()}))
    return 0 if all(result.met for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
