"""`make test`: first the phones' tests alone, then the browser's, with what only computes beside it, less urgent.

With the phones is everything that a starved process would fail: rings, sounds, and the servers whose own deadlines are short.
What a step prints is printed whole, once it has ended. All steps run, whichever fails; how one failed is said
again at the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

LIMIT_S: Final = 1400        # of a step: what hangs is told, and what it has said
LAST_WORDS_S: Final = 30     # … after it was interrupted
LAST_LINES: Final = 25       # of a failed step, said again at the end
IN_MEMORY: Final = Path("/dev/shm")
ROOM: Final = 8 << 30        # bytes; a run needs one or two
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


# The phones have the machine to themselves: beside the computing tests, even the least urgent, voices stuttered.
STAGES: Final = (
    (Lane(0, (Step("phones", (*PYTEST, "-n", "4", "tests/chaos", "tests/telephony", *CLOCKED)),)),),
    (
        Lane(0, (Step("browser", (sys.executable, "-m", "pytest", "tests/browser")),)),
        Lane(10, (
            Step("pages", ("npm", "run", "--silent", "test"), ROOT / "dashboard/web"),
            Step("units and integration", (*PYTEST, "-n", "3", "tests/integration", "tests/unit",
                                           *(f"--ignore={path}" for path in CLOCKED))),
        )),
    ),
)


@contextmanager
def in_memory() -> Iterator[None]:
    """Temporary files in memory where there is plenty. ext4 gives out no inode that was freed in the last five seconds, and looks
    for another each time: a database made after one was dropped took 0.4 s instead of 0.05, six hundred times a run."""
    if not IN_MEMORY.is_dir() or min(shutil.disk_usage(IN_MEMORY).free, _available()) < ROOM:
        yield
        return
    folder = Path(tempfile.mkdtemp(prefix="t", dir=IN_MEMORY))       # short: a socket's path has a hundred letters
    folder.chmod(0o755)                                              # Asterisk and PostgreSQL run as users of their own
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _available() -> int:
    """Bytes of memory that nobody needs (proc_meminfo(5))."""
    words = next(line.split() for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
    return int(words[1]) << 10


def run(lane: Lane, failed: dict[str, bytes], printing: threading.Lock) -> None:
    for step in lane.steps:
        began = time.monotonic()
        with tempfile.TemporaryFile() as said:       # a pipe would be waited for as long as anybody holds its other end
            ended = _ended(lane, step, said)
            said.seek(0)
            words = said.read()
            if ended != "ok":
                failed[step.name] = b"".join(words.splitlines(keepends=True)[-LAST_LINES:])
            with printing:
                print(f"\n----- {step.name}: {ended}, {time.monotonic() - began:.0f} s", flush=True)
                _print(words)


def _ended(lane: Lane, step: Step, said: IO[bytes]) -> str:
    """In this session: between sessions Linux may share without regard to nice. In a group of its own, which ends as a whole."""
    process = subprocess.Popen(["nice", "-n", str(lane.nice), *step.command], cwd=step.folder, stdin=subprocess.DEVNULL,
                               stdout=said, stderr=subprocess.STDOUT, process_group=0)
    try:
        code = process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)        # pytest says what it was at, and its fixtures take down what they have started
        with suppress(subprocess.TimeoutExpired):
            process.wait(LAST_WORDS_S)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"FAILED: it did not end in {LIMIT_S} s"
    return "ok" if code == 0 else f"FAILED with {code}"


def _print(words: bytes) -> None:
    sys.stdout.buffer.write(words)
    sys.stdout.flush()


def main() -> int:
    began, failed, printing = time.monotonic(), dict[str, bytes](), threading.Lock()
    with in_memory():
        _stages(failed, printing)
    for name, words in failed.items():
        print(f"\n----- the end of {name}", flush=True)
        _print(words)
    used = os.times()
    print(f"\n{time.monotonic() - began:.0f} s, {used.children_user + used.children_system:.0f} s of computing; "
          f"{'failed: ' + ', '.join(failed) if failed else 'all is well'}")
    return 1 if failed else 0


def _stages(failed: dict[str, bytes], printing: threading.Lock) -> None:
    for stage in STAGES:
        lanes = [threading.Thread(target=run, args=(lane, failed, printing)) for lane in stage]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()


if __name__ == "__main__":
    sys.exit(main())
