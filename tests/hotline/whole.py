"""The whole system as `sixring up` starts it, on a site and ports of a test's own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis.asyncio
from sqlalchemy import Row, create_engine, text

from callcenter.board import BOARD
from callcenter.events import Board
from callcenter.phones import PATIENCE_S, Phones, Seat, Switch
from callcenter.runtime.asterisk import find_asterisk
from callcenter.settings import Settings
from hotline.ami import Ami
from hotline.instance import PHONE_RTP
from hotline.journal import Journal

BOARD_KEY = "sixring:board"


class Whole:
    def __init__(self, site_text: str, offset: int) -> None:
        self._site_text, self._offset = site_text, offset
        # Asterisk's own user must be able to reach it: not below pytest's private folders.
        self.state = Path(tempfile.mkdtemp(prefix="sixring-whole-"))
        self.state.chmod(0o755)

    async def __aenter__(self) -> Self:
        site = self.state / "site.yaml"
        site.write_text(self._site_text, encoding="utf-8")
        await self.sixring("up", "--offset", str(self._offset), "--site", str(site), "--no-demo")
        self.settings = Settings.load(self.state)
        self.journal = Journal(self.settings.queue_log)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.sixring("down", "--calls", "0")
        shutil.rmtree(self.state, ignore_errors=True)

    async def sixring(self, *words: str) -> None:
        await self._run("callcenter.cli", *words)

    async def crm(self, *words: str) -> None:
        await self._run("crm", *words)

    async def _run(self, module: str, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words, env=self._environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{module} {words[0]}: {said.decode()[-3000:]}")

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "SIXRING_STATE": str(self.state)}

    # --- what runs

    def processes(self, *programs: str) -> list[int]:
        """Pids of this instance whose program begins with one of these words: not the shell that keeps it."""
        mark = f"SIXRING_STATE={self.state}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                program = (entry / "exe").readlink().name
                ours = (mark in (entry / "environ").read_bytes().split(b"\0")
                        or str(self.state).encode() in (entry / "cmdline").read_bytes())
            except OSError:
                continue
            if ours and program.startswith(programs):
                found.append(int(entry.name))
        return found

    def kill_every_python(self) -> int:
        pids = self.processes("python")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def kill_redis(self) -> int:
        pids = self.processes("valkey", "redis")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def cut_ami(self) -> int:
        """Asterisk drops every manager connection."""
        shown = self.console("manager show connected").splitlines()
        heads = [line.split() for line in shown if "FileDes" in line]
        assert heads, shown
        column = next(place for place, word in enumerate(heads[0]) if word.startswith("FileDes"))
        files = [line.split()[column] for line in shown if line.split()[:1] == ["sixring"]]
        for file in files:
            self.console(f"manager kick session {file}")
        return len(files)

    # --- what a test asks

    @property
    def switch(self) -> Switch:
        return Switch(self.settings.ports.sip)

    def phones(self) -> Phones:
        return Phones(self.switch, rtp_ports=PHONE_RTP, listen=self.settings.ports.outside)

    async def seats(self, phones: Phones, *numbers: str) -> list[Seat]:
        secrets = self.settings.secrets()
        return [await phones.seat(number, secrets[f"seat-{number}"]) for number in numbers]

    def recording(self, call_id: str) -> list[Path]:
        return list(self.settings.recordings.rglob(f"{call_id}*"))

    def ami(self) -> Ami:
        return Ami(self.settings.ports.ami, self.settings.secrets()["ami"])

    def console(self, line: str) -> str:
        return find_asterisk().console(self.settings, line)

    async def board_where(self, right: Callable[[Board], bool], what: str, within: float = PATIENCE_S) -> Board:
        """The board, once it is as it should be."""
        board: Board | None = None
        try:
            async with asyncio.timeout(within):
                while True:
                    board = await self._board()
                    if board is not None and right(board):
                        return board
                    await asyncio.sleep(0.1)
        except TimeoutError:
            shown = "no board" if board is None else f"{len(board.calls)} calls: {list(board.calls.values())}"
            raise AssertionError(f"not within {within:g} s: {what}; {shown}") from None

    async def _board(self) -> Board | None:
        client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(self.settings.redis_url)
        try:
            raw = await client.get(BOARD_KEY)
        except (redis.exceptions.RedisError, OSError):
            return None
        finally:
            await client.aclose()
        return BOARD.validate_python(json.loads(raw)["board"], strict=False) if raw else None

    def records(self) -> dict[str, str | None]:
        """The outcome of every call that the journal has ended."""
        rows = self.rows("SELECT call_id, outcome FROM calls WHERE ended_at IS NOT NULL")
        return {row.call_id: row.outcome for row in rows}

    def rows(self, query: str, **values: str) -> Sequence[Row[Any]]:
        engine = create_engine(self.settings.database_url)
        try:
            with engine.connect() as connection:
                return connection.execute(text(query), values).all()
        finally:
            engine.dispose()

    async def recorded(self, call_id: str, within: float = PATIENCE_S) -> str | None:
        """The outcome of this call, once its record is complete: all that follows from it has been written then."""
        async with asyncio.timeout(within):
            while call_id not in (there := self.records()):
                await asyncio.sleep(0.1)
        return there[call_id]
