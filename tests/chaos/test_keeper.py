"""keep.sh and watch.sh with real processes: what must outlive the supervisor does; nothing is started twice."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callcenter.phones import PATIENCE_S
from callcenter.runtime import pids
from callcenter.runtime.folders import copy_scripts
from callcenter.runtime.pids import Process, alive, lives


@dataclass
class Bench:
    """A run folder as an instance has it, and every process that a test started in it."""

    run: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def keep(self, how: str, name: str, *command: str, log: str | None = None) -> subprocess.Popen[bytes]:
        return self.sh("keep.sh", how, str(self.file(name)), log or str(self.run / f"{name}.log"), *command)

    def sh(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sh", str(self.run / words[0]), *words[1:]], stdin=subprocess.DEVNULL)
        self.started.append(process)
        return process

    def file(self, name: str) -> Path:
        return self.run / f"{name}.pid"

    def kept(self, name: str, *, other_than: Process | None = None) -> Process:
        """The living process behind the pid file, once there is one (another one than `other_than`)."""
        found: list[Process] = []

        def there() -> bool:
            process = alive(self.file(name))
            if process and process != other_than:
                found.append(process)
            return bool(found)

        eventually(there, f"{name} runs")
        return found[0]

    def end(self) -> None:
        (self.run / "wanted").unlink(missing_ok=True)
        for process in self.started:
            process.kill()
            process.wait()
        for file in self.run.glob("*.pid"):
            left = alive(file)
            if left:
                os.kill(left.pid, signal.SIGKILL)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    copy_scripts(tmp_path)
    (tmp_path / "wanted").touch()
    made = Bench(tmp_path)
    yield made
    made.end()


def eventually(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


def test_an_adopted_process_outlives_its_killed_keeper_and_the_next_keeper_finds_it(bench: Bench) -> None:
    first = bench.keep("adopt", "asterisk", "sleep", "300")
    kept = bench.kept("asterisk")
    first.kill()
    first.wait()
    second = bench.keep("adopt", "asterisk", "sleep", "300")
    third = bench.keep("adopt", "asterisk", "sleep", "300")
    eventually(lambda: waits(second.pid) and waits(third.pid), "both keepers wait for the process that is there")
    assert lives(kept)
    assert bench.kept("asterisk") == kept
    assert second.poll() is None
    os.kill(kept.pid, signal.SIGKILL)
    assert second.wait(PATIENCE_S) == 0
    assert third.wait(PATIENCE_S) == 0


def test_a_term_to_the_keeper_of_a_wanted_process_only_lets_go(bench: Bench) -> None:
    keeper = bench.keep("adopt", "asterisk", "sleep", "300")
    kept = bench.kept("asterisk")
    keeper.terminate()
    keeper.wait(PATIENCE_S)
    assert lives(kept)


def test_once_it_is_no_longer_wanted_a_term_is_passed_on(bench: Bench) -> None:
    keeper = bench.keep("adopt", "redis", "sleep", "300")
    kept = bench.kept("redis")
    (bench.run / "wanted").unlink()
    keeper.terminate()
    keeper.wait(PATIENCE_S)
    assert not lives(kept)


def test_a_pid_that_was_used_again_for_another_program_is_not_adopted(bench: Bench) -> None:
    stranger = subprocess.Popen(["sleep", "300"])
    bench.started.append(stranger)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    bench.file("asterisk").write_text(f"{boot} {stranger.pid} 1\n")
    bench.keep("adopt", "asterisk", "sleep", "300")
    kept = bench.kept("asterisk")
    assert kept.pid != stranger.pid
    assert stranger.poll() is None


def test_a_python_process_that_an_earlier_supervisor_left_is_replaced_never_doubled(bench: Bench) -> None:
    bench.keep("replace", "acd", "sleep", "300", log="-")
    left = bench.kept("acd")
    bench.keep("replace", "acd", "sleep", "300", log="-")
    new = bench.kept("acd", other_than=left)
    assert not lives(left)
    assert lives(new)


def test_one_that_ignores_term_is_replaced_all_the_same(bench: Bench) -> None:
    bench.keep("replace", "acd", "sh", "-c", "trap '' TERM; while :; do sleep 1; done", log="-")
    stubborn = bench.kept("acd")
    eventually(lambda: "trap" in commands(stubborn.pid), "it ignores TERM")
    bench.keep("replace", "acd", "sleep", "300", log="-")
    bench.kept("acd", other_than=stubborn)
    assert not lives(stubborn)


def test_a_process_that_dies_at_once_is_started_again_at_a_bounded_pace(bench: Bench) -> None:
    starts = bench.run / "starts"
    for _ in range(3):
        bench.keep("replace", "crm", "sh", "-c", f"date +%s.%N >> {starts}; exit 1", log="-").wait(PATIENCE_S)
    at = [float(line) for line in starts.read_text().split()]
    assert len(at) == 3
    assert (pids.starts(bench.file("crm"), at[0] - 1), pids.starts(bench.file("crm"), at[2] + 60)) == (3, 0)
    assert 1 <= at[1] - at[0] < 10
    assert 2 <= at[2] - at[1] < 10


def test_the_watchdog_starts_a_killed_supervisor_again_and_a_second_watchdog_ends_at_once(bench: Bench) -> None:
    words = ("watch.sh", str(bench.run), str(bench.run / "supervisord.log"), "sleep", "300")
    watchdog = bench.sh(*words)
    first = bench.kept("supervisord")
    assert bench.sh(*words).wait(PATIENCE_S) == 0
    os.kill(first.pid, signal.SIGKILL)
    second = bench.kept("supervisord", other_than=first)
    (bench.run / "wanted").unlink()
    os.kill(second.pid, signal.SIGKILL)
    assert watchdog.wait(PATIENCE_S) == 0


def test_the_scripts_are_plain_sh() -> None:
    for name in ("keep.sh", "watch.sh"):
        script = Path(__file__).parents[2] / "callcenter/runtime" / name
        assert subprocess.run(["sh", "-n", str(script)]).returncode == 0


def commands(pid: int) -> str:
    """The command line of a process; '' when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def waits(keeper: int) -> bool:
    """Whether the keeper is in its waiting loop: its child is the loop's `tail`."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
        if parent == keeper and commands(int(stat.parent.name)).startswith("tail --pid"):
            return True
    return False
