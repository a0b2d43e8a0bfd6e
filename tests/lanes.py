"""`make test`: two lanes at once. The phones' tests mostly wait for rings; what mostly computes fills their pauses, less urgent.

In the phones' lane is everything that a starved process would fail: rings, sounds, and the servers whose own deadlines are short.
What a step prints is printed whole, once it has ended. All steps run, whichever fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LIMIT_S: Final = 1000        # of a step: what hangs is told, and what it has said
ROOT: Final = Path(__file__).parents[1]
PYTEST: Final = (sys.executable, "-m", "pytest", "--dist", "loadfile", "--no-loadscope-reorder")
CLOCKED: Final = ("tests/integration/acd", "tests/integration/agi", "tests/integration/test_agi_process.py",
                  "tests/integration/test_agi_server.py", "tests/integration/test_webhook_post.py")


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    folder: Path = ROOT


@dataclass(frozen=True)
class Lane:
    nice: int
    steps: tuple[Step, ...]


LANES: Final = (
    Lane(0, (
        Step("phones", (*PYTEST, "-n", "4", "tests/chaos", "tests/telephony", *CLOCKED)),
        Step("browser", (sys.executable, "-m", "pytest", "tests/browser")),
    )),
    Lane(10, (
        Step("pages", ("npm", "run", "--silent", "test"), ROOT / "dashboard/web"),
        Step("units and integration", (*PYTEST, "-n", "2", "tests/integration", "tests/unit",
                                       *(f"--ignore={path}" for path in CLOCKED))),
    )),
)


def run(lane: Lane, failed: list[str], printing: threading.Lock) -> None:
    for step in lane.steps:
        began = time.monotonic()
        try:
            done = subprocess.run(["nice", "-n", str(lane.nice), *step.command], cwd=step.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S)
            said, ended = done.stdout, "ok" if done.returncode == 0 else f"FAILED with {done.returncode}"
        except subprocess.TimeoutExpired as late:
            said, ended = late.stdout or b"", "FAILED: it did not end"
        if ended != "ok":
            failed.append(step.name)
        with printing:
            print(f"\n----- {step.name}: {ended}, {time.monotonic() - began:.0f} s", flush=True)
            sys.stdout.buffer.write(said)
            sys.stdout.flush()


def main() -> int:
    began, failed, printing = time.monotonic(), list[str](), threading.Lock()
    lanes = [threading.Thread(target=run, args=(lane, failed, printing)) for lane in LANES]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    used = os.times()
    print(f"\n{time.monotonic() - began:.0f} s, {used.children_user + used.children_system:.0f} s of computing; "
          f"{'failed: ' + ', '.join(failed) if failed else 'all is well'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
