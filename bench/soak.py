"""Hours of calls in fast patterns against the whole system, ended by an audit. Ends non-zero when anything is wrong.

    uv run python bench/soak.py [--minutes 120] [--rate 1.0] [--seed 1]

The seed gives callers and seats the same intentions again; what meets what is the machine's timing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

# The play and its audit are also a test; and bench/ has files of the names of packages, which come first.
sys.path.remove(str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from soak.soak import Result, soak


def report(result: Result) -> None:
    print(f"{result.calls} calls, {result.answered_legs} legs answered by seats")
    for what, times in result.did.items():
        print(f"  {times:6} {what}")
    for name, (before, after, allowed) in result.memory.items():
        print(f"  {name:<20} {before:7.1f} MiB after warm-up, {after:7.1f} at the end (allowed +{allowed:.0f})")
    for line in result.wrong:
        print("WRONG", line)
    print("wrong:", len(result.wrong))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--rate", type=float, default=1.0, help="calls a second")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--deaths", type=float, default=0.2, help="of the phones that go, the share that dies without a word")
    given = options.parse_args()
    result = asyncio.run(soak(given.minutes * 60, seed=given.seed, rate=given.rate, deaths=given.deaths,
                              tell=lambda line: print(line, flush=True)))
    report(result)
    sys.exit(bool(result.wrong))


if __name__ == "__main__":
    main()
