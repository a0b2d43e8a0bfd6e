"""Is a caller looked up faster than others answer with nothing to look up?

Caller look-up among 1,000,000 households by our server, beside the FastAGI servers of panoramisk and pystrix
with handlers
that do nothing: sessions a second and the time a session takes, at 1, 32 and 200 at once, in interleaved rounds of one
run, each server in its own process, one client for all. Every answer of ours is checked against the household
it must be.

Exit code 0: at each concurrency at least as many sessions as the better peer, and a lower p99 than either. 1: not so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

sys.path.append(sys.path.pop(0))     # this file has the name of the package that it measures: the package comes first

from agi_client import Round, ask_once, play
from agi_households import built, questions

from callcenter.settings import LOOPBACK, cache_folder

OURS: Final = "sixring"
PEERS: Final = ("panoramisk", "pystrix")
CONCURRENCIES: Final = (1, 32, 200)
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Figures:
    """All rounds of one server at one concurrency."""

    sessions: int = 0
    seconds: float = 0.0
    client_cpu_s: float = 0.0
    server_cpu_s: float = 0.0
    wrong: int = 0
    latencies_s: list[float] = field(default_factory=list)

    def add(self, done: Round, server_cpu_s: float) -> None:
        self.sessions += done.sessions
        self.seconds += done.seconds
        self.client_cpu_s += done.client_cpu_s
        self.server_cpu_s += server_cpu_s
        self.wrong += done.wrong
        self.latencies_s += done.latencies_s

    def shown(self) -> dict[str, float]:
        ordered = sorted(self.latencies_s)
        return {
            "sessions": self.sessions, "wrong": self.wrong,
            "rate": round(self.sessions / self.seconds, 1),
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 3),
            "p99_ms": round(ordered[len(ordered) * 99 // 100] * 1000, 3),
            "client_us": round(self.client_cpu_s / self.sessions * 1e6, 1),
            "server_us": round(self.server_cpu_s / self.sessions * 1e6, 1),
        }


class Served:
    """One server in its own process."""

    def __init__(self, kind: str, port: int, *args: str) -> None:
        self.kind, self.address = kind, (LOOPBACK, port)
        script = Path(__file__).with_name("agi_peers.py")
        self._process = subprocess.Popen([sys.executable, "-P", str(script), kind, str(port), *args])
        self._wait()

    def cpu_s(self) -> float:
        """User and system time of the server and of processes it has started."""
        pids = [self._process.pid, *_children(self._process.pid)]
        return sum(_cpu_s(pid) for pid in pids)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _wait(self) -> None:
        give_up = time.monotonic() + 15
        while self._process.poll() is None and time.monotonic() < give_up:
            try:
                ask_once(self.address)
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{self.kind} does not start")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except FileNotFoundError:
            continue  # a thread that has ended meanwhile: pystrix has one a session
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(servers: list[Served], rounds: int, sessions: int, households: int) -> dict[str, dict[int, Figures]]:
    figures = {server.kind: {c: Figures() for c in CONCURRENCIES} for server in servers}
    asked = questions(households, seed=1)
    for server in servers:
        play(server.address, asked, 500, 16, checks=False)  # first sessions open connections and fill caches
    for number in range(rounds):
        for concurrency in CONCURRENCIES:
            for server in servers[number % len(servers):] + servers[:number % len(servers)]:
                before = server.cpu_s()
                done = play(server.address, asked, sessions, concurrency, checks=server.kind == OURS)
                figures[server.kind][concurrency].add(done, server.cpu_s() - before)
    return figures


def verdict(shown: dict[str, dict[int, dict[str, float]]]) -> dict[int, dict[str, float | bool]]:
    verdicts: dict[int, dict[str, float | bool]] = {}
    for concurrency in CONCURRENCIES:
        ours = shown[OURS][concurrency]
        rate = max(shown[peer][concurrency]["rate"] for peer in PEERS)
        p99 = min(shown[peer][concurrency]["p99_ms"] for peer in PEERS)
        verdicts[concurrency] = {
            "rate_ratio": round(ours["rate"] / rate, 2), "p99_ratio": round(ours["p99_ms"] / p99, 2),
            "met": ours["rate"] >= rate and ours["p99_ms"] < p99 and not ours["wrong"],
        }
    return verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--sessions", type=int, default=3000, help="a round, a server, a concurrency")
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--port", type=int, default=4773, help="the first of three")
    given = parser.parse_args()
    database = built(cache_folder(), given.households)
    servers: list[Served] = []
    try:
        servers.append(Served(OURS, given.port, f"sqlite:///{database}"))
        servers += [Served(peer, given.port + place) for place, peer in enumerate(PEERS, 1)]
        figures = measure(servers, given.rounds, given.sessions, given.households)
    finally:
        for server in servers:
            server.stop()
    shown = {kind: {c: f.shown() for c, f in by.items()} for kind, by in figures.items()}
    verdicts = verdict(shown)
    met = all(v["met"] for v in verdicts.values())
    if given.json:
        print(json.dumps({"households": given.households, "figures": shown, "verdict": verdicts, "met": met}))
        return 0 if met else 1
    print(f"{'at once':>7} {'server':<11} {'sessions/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'server µs':>9} {'client µs':>9}")
    for concurrency in CONCURRENCIES:
        for kind, by in shown.items():
            row = by[concurrency]
            print(f"{concurrency:>7} {kind:<11} {row['rate']:>10.0f} {row['p50_ms']:>8.2f} {row['p99_ms']:>8.2f} "
                  f"{row['server_us']:>9.0f} {row['client_us']:>9.0f}")
        v = verdicts[concurrency]
        print(f"        rate {v['rate_ratio']} × the better peer, p99 {v['p99_ratio']} × the lower, "
              f"{'met' if v['met'] else 'MISSED'}, wrong answers {shown[OURS][concurrency]['wrong']:.0f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
