"""One Asterisk of a test's own: temporary state, free ports, configuration rendered from the test's site."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from callcenter.phones import PATIENCE_S, Phones, Seat, Switch
from callcenter.render import AsteriskFiles, render
from callcenter.runtime.asterisk import AsteriskInstall, conf_of, find_asterisk
from callcenter.settings import Ports, Settings, new_settings
from callcenter.site import load_site
from hotline.ami import Ami
from hotline.journal import Journal

# Above the kernel's ephemeral ports and above Asterisk's blocks.
PHONE_RTP = (61_000, 65_400)
SWITCH_PIN = "271828"


class Hotline:
    """`async with Hotline(state, site_text, offset) as line:`; Asterisk only, no Python process of ours."""

    def __init__(self, state: Path, site_text: str, offset: int, *, sounds: Path | None = None) -> None:
        self.settings: Settings = new_settings(state, offset=offset, site_file=state / "site.yaml", demo=False)
        self._site_text, self._sounds = site_text, sounds
        self.journal = Journal(self.settings.queue_log)
        self._asterisk: AsteriskInstall = find_asterisk()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def switch(self) -> Switch:
        return Switch(self.settings.ports.sip)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        self.prepare()
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.stop()

    def prepare(self) -> None:
        state = self.settings.state
        state.mkdir(parents=True, exist_ok=True)
        (state / "site.yaml").write_text(self._site_text, encoding="utf-8")
        site = load_site(self.settings.site_file)
        names = ["ami", "session", "trunk", "switch-salt", *(f"seat-{seat.seat}" for seat in site.seats)]
        self.settings.secrets_file.write_text(json.dumps({name: f"secret-{name}" for name in names} | {"switch-pin": SWITCH_PIN}))
        self.settings.save()
        for folder in (self.settings.recordings, self.settings.voicemail):
            folder.mkdir(exist_ok=True)
        files = AsteriskFiles(self._asterisk.modules, self._asterisk.data)
        if self._sounds:
            render(site, self.settings, self.settings.secrets(), files, sounds=self._sounds)
        else:
            render(site, self.settings, self.settings.secrets(), files)

    async def start(self) -> None:
        """Returns when Asterisk says that it has fully booted."""
        self._process = self._launch()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if self._process.poll() is not None:
                    raise RuntimeError(f"asterisk ended: {(self.settings.state / 'asterisk.out').read_text()[-2000:]}")
                try:
                    await fully_booted(self.settings.ports.ami, self.settings.secrets()["ami"])
                    return
                except (ConnectionError, asyncio.IncompleteReadError):
                    await asyncio.sleep(0.05)

    def _launch(self) -> subprocess.Popen[bytes]:
        with (self.settings.state / "asterisk.out").open("ab") as out:
            return subprocess.Popen(self._asterisk.command(conf_of(self.settings), "-f"), stdout=out,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        """As a crash does it."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def ami(self) -> Ami:
        return Ami(self.settings.ports.ami, self.settings.secrets()["ami"])

    def phones(self) -> Phones:
        return Phones(self.switch, rtp_ports=PHONE_RTP, listen=self.settings.ports.outside)

    async def seats(self, phones: Phones, *numbers: str) -> list[Seat]:
        secrets = self.settings.secrets()
        return [await phones.seat(number, secrets[f"seat-{number}"]) for number in numbers]

    def console(self, line: str) -> str:
        return self._asterisk.console(self.settings, line)

    def recording(self, call_id: str) -> list[Path]:
        return list(self.settings.recordings.rglob(f"{call_id}*"))

    def python(self, module: str, *arguments: str, out: IO[bytes]) -> subprocess.Popen[bytes]:
        """One of our processes, for this instance."""
        return subprocess.Popen([sys.executable, "-m", module, *arguments], stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.STDOUT,
                                env={**os.environ, "SIXRING_STATE": str(self.settings.state)})


async def fully_booted(port: int, secret: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"Action: Login\r\nUsername: sixring\r\nSecret: {secret}\r\nEvents: system\r\n\r\n".encode())
        await reader.readuntil(b"Event: FullyBooted")
    finally:
        writer.close()


@contextmanager
def free_offset(folder: Path = Path("/tmp")) -> Iterator[int]:
    """A port offset that nobody else's tests hold and whose ports are free; held until the end."""
    first = int(os.environ.get("SIXRING_TEST_OFFSET", "1500"))
    for offset in range(first, 5000, 100):
        with (folder / f"sixring-test-offset-{offset}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if _all_free(Ports(offset)):
                yield offset
                return
    raise RuntimeError("no free ports for a test instance")


def _all_free(ports: Ports) -> bool:
    tcp: Sequence[int] = (ports.ami, ports.agi, ports.web, ports.webrtc)
    return all(_free(port, socket.SOCK_STREAM) for port in tcp) and all(
        _free(port, socket.SOCK_DGRAM) for port in (ports.sip, ports.outside))


def _free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
