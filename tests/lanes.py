"""`make test`: two lanes side by side. The phones' tests, then the browser's; and beside them, with
what they leave over of the machine, what only computes.

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
    steps: tuple[Step, ...]
    gives_way: bool = False


# The phones leave two fifths of the machine over, between bursts; who takes it must go the moment it is wanted.
LANES: Final = (
    Lane((Step("phones", (*PYTEST, "-n", "4", "tests/chaos", "tests/telephony", *CLOCKED)),
          Step("browser", (sys.executable, "-m", "pytest", "tests/browser")))),
    Lane((Step("pages", ("npm", "run", "--silent", "test"), ROOT / "dashboard/web"),
          Step("units and integration", (*PYTEST, "-n", "3", "tests/integration", "tests/unit",
                                         *(f"--ignore={path}" for path in CLOCKED)))), gives_way=True),
)


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for all temporary files of a run: in memory where there is plenty. ext4 gives out no inode that was freed in the
    last five seconds, and looks for another each time: a database made after one was dropped took 0.4 s instead of 0.05."""
    roomy = IN_MEMORY.is_dir() and min(shutil.disk_usage(IN_MEMORY).free, _available()) >= ROOM
    folder = Path(tempfile.mkdtemp(prefix="t", dir=IN_MEMORY if roomy else None))      # short: a socket's path holds 107 letters
    folder.chmod(0o755)                                                                # Asterisk and PostgreSQL are other users
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _available() -> int:
    """Bytes of memory that nobody needs (proc_meminfo(5))."""
    words = next(line.split() for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
    return int(words[1]) << 10


def run(lane: Lane, folder: Path, failed: dict[str, bytes], printing: threading.Lock) -> None:
    for step in lane.steps:
        began = time.monotonic()
        with tempfile.TemporaryFile() as said:       # a pipe would be waited for as long as anybody holds its other end
            ended = _ended(lane, step, folder, said)
            said.seek(0)
            words = said.read()
            if ended != "ok":
                failed[step.name] = b"".join(words.splitlines(keepends=True)[-LAST_LINES:])
            with printing:
                print(f"\n----- {step.name}: {ended}, {time.monotonic() - began:.0f} s", flush=True)
                _print(words)


def _ended(lane: Lane, step: Step, folder: Path, said: IO[bytes]) -> str:
    """In a group of its own, which ends as a whole. Who gives way is idle to the scheduler, and in a session of its own: Linux
    shares between sessions first, whatever is urgent within them (sched(7), autogroup)."""
    command = ("chrt", "--idle", "0", *step.command) if lane.gives_way else step.command
    if "pytest" in command:
        command += ("--basetemp", str(folder / step.name[0]))
    process = subprocess.Popen(command, cwd=step.folder, env=os.environ | {"TMPDIR": str(folder)}, stdin=subprocess.DEVNULL,
                               stdout=said, stderr=subprocess.STDOUT, start_new_session=lane.gives_way,
                               process_group=None if lane.gives_way else 0)
    if lane.gives_way:
        with suppress(OSError):                      # a kernel without autogroups
            Path(f"/proc/{process.pid}/autogroup").write_text("19")
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
    with temporary() as folder:
        lanes = [threading.Thread(target=run, args=(lane, folder, failed, printing)) for lane in LANES]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    for name, words in failed.items():
        print(f"\n----- the end of {name}", flush=True)
        _print(words)
    used = os.times()
    print(f"\n{time.monotonic() - began:.0f} s, {used.children_user + used.children_system:.0f} s of computing; "
          f"{'failed: ' + ', '.join(failed) if failed else 'all is well'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
