"""CPU per answered, recorded call: the whole system against the same Asterisk with a static queue and nothing attached.

Both sides carry the same calls from the same phones: real SIP, real audio both ways, recorded by MixMonitor. The bare side has
no menu, no look-up, no journal of channel events, no AMI, no Python. CPU is what the kernel charged to every process of the
instance (phones are not part of it) from the first call to the last: a busy hour of 24 seats. Bar: ratio <= 1.5.

    uv run python bench/call_cost.py [--calls 96] [--talk 20] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callcenter.phones.phone import Leg, Phones, Seat, Switch
from callcenter.phones.sound import tone
from callcenter.render import AsteriskFiles, render
from callcenter.runtime.asterisk import find_asterisk
from callcenter.settings import CHECKOUT, Settings, new_settings
from callcenter.site import load_site

BAR = 1.5
SEATS = tuple(str(1001 + index) for index in range(24))
TICKS = os.sysconf("SC_CLK_TCK")
SITE = f"""
version: 1
company: {{name: {{zh: 测量, en: Bench}}}}
numbers: [{{number: "8000", menu: main}}]
schedule: {{hours: [{{from: "00:00", to: "00:00"}}], calendar: none}}
limits: {{survey: false}}
seats: [{", ".join(f'{{seat: "{seat}", name: "{seat}"}}' for seat in SEATS)}]
queues: [{{id: enquiry, name: {{zh: 咨询, en: Enquiries}}, seats: [{", ".join(f'"{seat}"' for seat in SEATS)}], wrapup: 0}}]
menus: [{{id: main, prompts: [welcome, menu-main], keys: {{"3": {{queue: enquiry}}}}, silent: {{queue: enquiry}}}}]
"""
BARE_DIALPLAN = """
[from-trunk]
exten => 8000,1,Answer()
 same => n,MixMonitor({recordings}/${{UNIQUEID}}.wav,b)
 same => n,Queue(enquiry,cr,,,300)
 same => n,Hangup()
[from-seats]
exten => 8000,1,Goto(from-trunk,8000,1)
"""


def cpu_seconds(state: Path) -> dict[str, float]:
    """User and system time of every process that names this state folder, by program, dead children included."""
    wanted, spent = str(state).encode(), Counter[str]()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) in (os.getpid(), os.getppid()):
            continue  # the phones and the bench are no part of the instance
        try:
            command = (folder / "cmdline").read_bytes()
            if wanted in command or wanted in (folder / "environ").read_bytes():
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                spent[program_of(command.split(b"\0"))] += sum(int(field) for field in fields[11:15])
        except OSError:
            continue
    return {name: ticks / TICKS for name, ticks in spent.items()}


def program_of(command: list[bytes]) -> str:
    if b"-m" in command:
        return command[command.index(b"-m") + 1].decode()
    known = ("asterisk", "valkey", "redis", "supervisord")
    text = b" ".join(command).decode(errors="replace")
    return next((name for name in known if f"{name} " in text or f"{name}-server" in text), Path(command[0].decode()).name)


async def carry(settings: Settings, secrets: dict[str, str], *, calls: int, talk_s: float,
                keys: str) -> dict[str, float]:
    """Carries the calls, as many at once as there are seats; CPU seconds of the instance a call, by program."""
    async with Phones(Switch(settings.ports.sip)) as phones:
        for number in SEATS:
            seat: Seat = await phones.seat(number, secrets[f"seat-{number}"])
            seat.on_ring = _answering
        free = asyncio.Semaphore(len(SEATS))
        await asyncio.sleep(2)  # the registrations' own work is over
        before = cpu_seconds(settings.state)

        async def one(index: int) -> None:
            async with free:
                caller = await phones.caller(f"1380000{index:04}")
                leg = await caller.dial("8000")
                await leg.answered(10)
                leg.say(tone(440, 2), forever=True)
                if keys:
                    await leg.press(keys)
                await asyncio.sleep(talk_s + 4)
                await leg.hang_up()
                await leg.ended(10)

        await asyncio.gather(*(one(index) for index in range(calls)))
        await asyncio.sleep(2)  # the recorder's last entries are part of the price
        after = cpu_seconds(settings.state)
        return {name: (after[name] - before.get(name, 0)) / calls for name in after}


_answers: set[asyncio.Task[None]] = set()


def _answering(leg: Leg) -> None:
    async def answer() -> None:
        await leg.answer()
        leg.say(tone(1000, 2), forever=True)

    task = asyncio.create_task(answer())
    _answers.add(task)
    task.add_done_callback(_answers.discard)


@contextmanager
def whole(folder: Path, offset: int, site: Path) -> Iterator[Settings]:
    """The product, as `sixring up` starts it."""
    state = folder / "whole"
    command = [sys.executable, "-m", "callcenter.cli"]
    environment = os.environ | {"SIXRING_STATE": str(state), "SIXRING_OFFSET": str(offset), "SIXRING_SITE": str(site),
                                "DEMO": "0"}
    subprocess.run([*command, "up"], env=environment, check=True, stdout=sys.stderr)
    try:
        yield Settings.load(state)
    finally:
        subprocess.run([*command, "down"], env=environment, check=True, stdout=sys.stderr)


@contextmanager
def bare(folder: Path, offset: int, site: Path) -> Iterator[Settings]:
    """The same Asterisk and queue, alone."""
    install = find_asterisk()
    settings = new_settings(folder / "bare", offset=offset, site_file=site, demo=False)
    secrets = {"ami": "unused", "trunk": "", "switch-pin": "000000", "switch-salt": "bench",
               **{f"seat-{seat}": f"bench-{seat}" for seat in SEATS}}
    render(load_site(site), settings, secrets, AsteriskFiles(install.modules, install.data))
    settings.secrets_file.write_text(json.dumps(secrets))
    etc = settings.asterisk / "etc"
    (etc / "extensions.conf").write_text(BARE_DIALPLAN.format(recordings=settings.recordings))
    (etc / "manager.conf").write_text("[general]\nenabled = no\n")
    (etc / "cel.conf").write_text("[general]\nenable = no\n")
    command = install.command(etc / "asterisk.conf", "-f")
    if os.geteuid() == 0:
        shutil.chown(settings.state, "sixring", "sixring")
        for path in settings.state.rglob("*"):
            shutil.chown(path, "sixring", "sixring")
        command = ["setpriv", "--reuid=sixring", "--regid=sixring", "--clear-groups", *command]
    asterisk = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while "fully booted" not in _console(install.command(etc / "asterisk.conf", "-rx", "core waitfullybooted")):
            if time.monotonic() > deadline:
                raise SystemExit("the bare Asterisk did not start")
            time.sleep(0.2)
        yield settings
    finally:
        asterisk.terminate()
        asterisk.wait(20)


def _console(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=96)
    parser.add_argument("--talk", type=float, default=20.0)
    parser.add_argument("--offset", type=int, default=1700)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", choices=("whole", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:  # the phones, in a process of their own: the SIP stack starts once a process
        settings = Settings.load(given.state)
        keys = "3" if given.side == "whole" else ""
        print(json.dumps(asyncio.run(
            carry(settings, settings.secrets(), calls=given.calls, talk_s=given.talk, keys=keys))))
        return 0
    costs = {}
    with tempfile.TemporaryDirectory(prefix="sixring-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        site = folder / "site.yaml"
        site.write_text(SITE)
        for number, (side, context) in enumerate((("bare", bare), ("whole", whole))):
            with context(folder, given.offset + 100 * number, site) as settings:
                settings.save()
                phones = [sys.executable, __file__, "--side", side, "--state", str(settings.state),
                          "--calls", str(given.calls), "--talk", str(given.talk)]
                done = subprocess.run(phones, env=os.environ | {"PYTHONPATH": str(CHECKOUT)}, check=True,
                                      stdout=subprocess.PIPE, text=True)
                parts: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
                costs[side] = sum(parts.values())
                print(f"{side:6} {1000 * costs[side]:7.1f} ms CPU a call: " + ", ".join(
                    f"{name} {1000 * part:.1f}" for name, part in sorted(parts.items(), key=lambda one: -one[1])),
                    file=sys.stderr)
    ratio = costs["whole"] / costs["bare"]
    result = {"calls": given.calls, "talk_s": given.talk, "bare_ms": 1000 * costs["bare"],
              "whole_ms": 1000 * costs["whole"], "ratio": ratio, "bar": BAR}
    print(json.dumps(result) if given.json else f"whole / bare = {ratio:.2f} (bar {BAR})")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
