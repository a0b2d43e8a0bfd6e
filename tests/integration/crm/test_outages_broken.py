"""What really breaks (C2, C4): a full disk, a network that is cut, a PostgreSQL by TCP that hangs, a process that stands still. A
real guard with scaled clocks tells of each once and in time; what was to be written is written once afterwards, and who was lost
is on the list once. Disk and network need root."""

from __future__ import annotations

import errno
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hotline.guarded import Watched, until, watched
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from callcenter.clock import SystemClock
from callcenter.events import CallbackChanged
from callcenter.settings import CHECKOUT
from callcenter.sign import sign_of
from callcenter.site import load_site
from crm.callbacks.rules import RetryRule
from crm.calls.journal import parse_queue_log
from crm.calls.models import CallRow
from crm.calls.recorder import Recorder, Source
from crm.database import Database, open_database
from crm.kinds.service import put_shipped
from crm.outages import service
from crm.outages.guard import FOLDER
from crm.outages.keeper import OutageKeeper
from crm.privacy.service import View
from crm.staff.actor import SYSTEM

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it mounts a disk, and cuts a network, of its own")


def journal(machine: Watched, *numbers: str) -> list[str]:
    """Callers who give up now; their calls."""
    begin = int(time.time()) - 1
    calls = {f"node1-{begin}.{place}": number for place, number in enumerate(numbers)}
    lines = [line for call, number in calls.items() for line in (
        f"{begin}|{call}|NONE|NONE|ENTERED|8000|{number}|node1", f"{begin}|{call}|repair|NONE|ENTERQUEUE||{number}|1",
        f"{begin + 1}|{call}|repair|NONE|ABANDON|1|1|20", f"{begin + 1}|{call}|NONE|NONE|ENDED|16")]
    log = machine.settings.queue_log
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return list(calls)


def recorder_of(machine: Watched, database: Database) -> Recorder:
    return Recorder(database, (Source("node1/queue_log", machine.settings.queue_log, parse_queue_log),), node="node1",
                    tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=0, clock=SystemClock(),
                    callbacks=RetryRule(tries=2, retry=timedelta(minutes=5)))


def recorded(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(CallRow)) or 0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """As a recording would: until not a byte more is taken."""
    file.parent.mkdir(parents=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while os.write(handle, b"\0" * size):
                    pass
        with pytest.raises(OSError) as full:
            os.write(handle, b"\0")
        assert full.value.errno == errno.ENOSPC
    finally:
        os.close(handle)


@needs_root
@pytest.mark.rule("C2", "A8")
def test_a_full_disk_with_journal_recordings_and_database_on_it_is_told_and_costs_no_record(
        tmp_path: Path, migrated_file: Path) -> None:
    size = migrated_file.stat().st_size // 2**20 + 8
    with small_disk(tmp_path / "disk", size) as state, watched(
            state, migrated_file, {"disk": {"down": 1}}, offset=4910, disk={"none_mb": 1, "little_mb": 2, "days": 0}) as machine:
        database = open_database(machine.settings.database_url)
        recorder = recorder_of(machine, database)
        with machine.guard():
            until(lambda: (state / FOLDER / "since").exists(), "the guard looks")
            journal(machine, *(f"1390000000{place}" for place in range(5)))
            fill(machine.settings.recordings / "2026/11/23/c1.wav")
            with pytest.raises(OperationalError, match="disk"):
                recorder.poll()
            machine.all_hear("disk space")
            (machine.settings.recordings / "2026/11/23/c1.wav").unlink()
            machine.all_hear("disk space", what="all clear")
        machine.heard_once_each("disk space")
        for _ in range(3):
            recorder.poll()
        assert recorded(database) == 5, "all that the disk took of the journal, once"
        database.close()


@contextmanager
def far_away() -> Iterator[tuple[str, str]]:
    """A machine behind a cable: its namespace and its address. An Asterisk's manager and a router answer there."""
    name, number = f"sixring{os.getpid()}", os.getpid() % 250
    here, there, network = f"sxh{os.getpid()}", f"sxt{os.getpid()}", f"10.213.{number}"
    servers: list[subprocess.Popen[bytes]] = []
    if shutil.which("ip") is None or subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        pytest.skip("no network namespace can be made here (iproute2, CAP_SYS_ADMIN)")
    try:
        for words in (f"ip link add {here} type veth peer name {there} netns {name}", f"ip addr add {network}.1/30 dev {here}",
                      f"ip link set {here} up", f"ip -n {name} addr add {network}.2/30 dev {there}",
                      f"ip -n {name} link set {there} up"):
            subprocess.run(words.split(), check=True)
        servers = [subprocess.Popen(["ip", "netns", "exec", name, sys.executable, "-c", SERVES], stdout=subprocess.PIPE)]
        assert servers[0].stdout is not None
        assert servers[0].stdout.readline() == b"serving\n"
        yield f"ip -n {name} link set {there}", f"{network}.2"
    finally:
        for server in servers:
            server.kill()
            server.communicate()
        subprocess.run(["ip", "netns", "del", name], check=True)
        subprocess.run(["ip", "link", "del", here], capture_output=True)


SERVES = """
import socketserver, threading
class Greets(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"Asterisk Call Manager/9.0.0\\r\\n")
for port in (5038, 7):
    threading.Thread(target=socketserver.ThreadingTCPServer(("", port), Greets).serve_forever).start()
print("serving", flush=True)
"""


@needs_root
@pytest.mark.rule("C2", "C4")
def test_a_network_that_is_cut_is_told_once_of_each_part_behind_it_and_the_lost_are_listed_once(
        tmp_path: Path, migrated_file: Path) -> None:
    with far_away() as (cable, address), watched(
            tmp_path, migrated_file, {"network": {"down": 1}, "asterisk": {"down": 1}}, offset=4920,
            settings={"ami": f"{address}:5038"}, network=[f"{address}:7"]) as machine:
        database = open_database(machine.settings.database_url)
        with machine.guard():
            until(lambda: (tmp_path / FOLDER / "since").exists(), "the guard looks")
            subprocess.run([*cable.split(), "down"], check=True)
            machine.hears("leader", "[outage] network")
            machine.hears("leader", "[outage] telephone exchange")
            _, *wanted = journal(machine, "13900000001", "13900000002", "13900000001")
            machine.all_hear("network", "telephone exchange")
            subprocess.run([*cable.split(), "up"], check=True)
            machine.all_hear("network", "telephone exchange", what="all clear")
        machine.heard_once_each("network", "telephone exchange")

        told: list[object] = []
        recorder, clock = recorder_of(machine, database), SystemClock()
        with database.writing.begin() as session:
            put_shipped(session, clock.now())
        keeper = OutageKeeper(database, load_site(machine.settings.site_file), tmp_path / FOLDER, clock, told.append,
                              lambda: recorder.read_until)
        until(lambda: recorder.poll().lines == 0 and recorder.read_until is not None, "the journal is read")
        for _ in range(3):
            keeper.step()
            recorder.poll()
        with database.reading() as session:
            listed = [one.call_id for ident in machine.story.outages for one in service.callers(session, View(SYSTEM), ident)]
        assert sorted(listed) == wanted, "two outages at once, and each caller on one list, with the last call"
        assert sorted(one.callback.callback_id for one in told if isinstance(one, CallbackChanged)) == wanted
        database.close()


class Cable:
    """A port of this machine that leads to PostgreSQL's socket; while it is `cut`, it takes connections and carries nothing."""

    def __init__(self, socket_file: str) -> None:
        self._to, self.cut = socket_file, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._to)
                self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError, ValueError), selectors.DefaultSelector() as both:
            both.register(near, selectors.EVENT_READ, far)
            both.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in both.select():
                    said = key.fileobj.recv(65_536)      # type: ignore[union-attr]
                    while self.cut.is_set():
                        time.sleep(0.05)
                    if not said:
                        near.close()
                        far.close()
                        return
                    key.data.sendall(said)


@pytest.mark.rule("C2", "C3")
def test_a_postgresql_that_hangs_holds_up_nobody_and_a_crm_that_hangs_is_seen_without_redis(
        tmp_path: Path, migrated_file: Path, postgres: str, migrated_template: str) -> None:
    admin = open_database(postgres).engine.execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE hangs TEMPLATE {migrated_template}"))
    cable = Cable(f"{admin.url.query['host']}/.s.PGSQL.5432")
    url = f"postgresql://postgres@127.0.0.1:{cable.port}/hangs"
    with watched(tmp_path, migrated_file, {"database": {"down": 1}, "crm": {"down": 1}}, offset=4930,
                 settings={"database_url": url}, hangs=10) as machine:
        journal(machine, "13900000001")
        run = tmp_path / "run"
        run.mkdir(exist_ok=True)
        crm = subprocess.Popen(["sh", str(CHECKOUT / "callcenter/runtime/keep.sh"), "replace", str(run / "crm.pid"), "-",
                                sys.executable, "-m", "crm"], cwd=CHECKOUT, env=machine.environment, stdout=subprocess.DEVNULL)
        straight = open_database(admin.url.set(database="hangs").render_as_string(hide_password=False))
        waiting = open_database(url)
        try:
            until(lambda: recorded(straight) == 1, "crm records")
            with waiting.reading() as session:
                session.execute(select(1))
            with machine.guard():
                until(lambda: (tmp_path / FOLDER / "since").exists(), "the guard looks")
                cable.cut.set()
                with waiting.reading() as session, pytest.raises(SQLAlchemyError):
                    session.execute(select(1))           # returns: that is what is measured
                machine.all_hear("database")
                given = sign_of(tmp_path, "crm").stat().st_mtime
                until(lambda: sign_of(tmp_path, "crm").stat().st_mtime > given, "crm's main loop turns")
                journal(machine, "13900000002")
                cable.cut.clear()
                machine.all_hear("database", what="all clear")
                until(lambda: recorded(straight) == 2, "crm records again")
                crm.send_signal(signal.SIGSTOP)
                machine.all_hear("business records")
                crm.send_signal(signal.SIGCONT)
                machine.all_hear("business records", what="all clear")
            machine.heard_once_each("database", "business records")
            assert {one.component: one.detail for one in machine.story.outages.values()}["crm"] == "hangs"
        finally:
            crm.kill()
            crm.wait()
            cable.cut.clear()
            cable.close()
            for each in (straight, waiting):
                each.close()
            admin.dispose()
