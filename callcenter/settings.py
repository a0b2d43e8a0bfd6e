"""Where one instance lives: state folder, ports, addresses. `sixring up` writes it, every process reads it.

An instance is its state folder. Two instances differ in the folder and in the port offset, in nothing else.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
CHANGING = "run/changing"     # of the state folder: there while `sixring up` is at work


@dataclass(frozen=True)
class Ports:
    """Every port of an instance; all move together with one offset (0 to 5000, a multiple of 100)."""

    offset: int = 0

    @property
    def sip(self) -> int:
        return 5060 + self.offset

    @property
    def outside(self) -> int:
        """Where the outside numbers that a loopback trunk rings are played: SIP phones of the tests and the demo."""
        return 5070 + self.offset

    @property
    def webrtc(self) -> int:
        return 8088 + self.offset

    @property
    def ami(self) -> int:
        return 5038 + self.offset

    @property
    def agi(self) -> int:
        return 4573 + self.offset

    @property
    def web(self) -> int:
        return 8000 + self.offset

    @property
    def rtp(self) -> tuple[int, int]:
        """First and last RTP port. A block of 1000 an offset of 100, below the kernel's ephemeral range at offset 0."""
        first = 10000 + 10 * self.offset
        return first, first + 999


def default_state() -> Path:
    """Root keeps the state where the unprivileged Asterisk user can reach it; others in their own home."""
    if os.geteuid() == 0:
        return Path("/var/lib/sixring/default")
    return Path.home() / ".local/share/sixring/default"


def cache_folder() -> Path:
    """Big downloads (Asterisk, voices), outside the checkout and shared by all instances."""
    if given := os.environ.get("SIXRING_CACHE"):
        return Path(given)
    return Path("/var/cache/sixring") if os.geteuid() == 0 else Path.home() / ".cache/sixring"


@dataclass(frozen=True)
class Settings:
    """One instance. Read with `Settings.load()`; written to `<state>/instance.json` by `sixring up`."""

    state: Path
    ports: Ports
    site_file: Path
    node: str = "node1"
    redis_url: str = ""
    database_url: str = ""
    demo: bool = True
    ami: str = ""  # host:port of an Asterisk that somebody else starts, with this state folder; "" for our own

    @property
    def ami_address(self) -> tuple[str, int]:
        host, _, port = self.ami.rpartition(":")
        return (host, int(port)) if self.ami else (LOOPBACK, self.ports.ami)

    def websocket(self, through_proxy: str) -> str:
        """Where browsers' phones reach Asterisk: the proxy's address (`network.websocket`), or its own on this machine."""
        return through_proxy or f"ws://{LOOPBACK}:{self.ports.webrtc}/ws"

    @property
    def asterisk(self) -> Path:
        """Asterisk's folders below it: etc log run lib spool sounds."""
        return self.state / "asterisk"

    @property
    def queue_log(self) -> Path:
        return self.asterisk / "log/queue_log"

    @property
    def cel_log(self) -> Path:
        return self.asterisk / "log/cel-custom/cel.csv"

    @property
    def recordings(self) -> Path:
        """`<recordings>/2026/11/22/<call id>.wav`; the journal stores the path below this folder."""
        return self.state / "recordings"

    @property
    def voicemail(self) -> Path:
        return self.state / "voicemail"

    @property
    def attachments(self) -> Path:
        """Files of tickets; the database knows what each is (crm/tickets/attachments.py)."""
        return self.state / "attachments"

    @property
    def book_file(self) -> Path:
        """acd's own: who is signed in where, kept through every crash (acd/desired/book.py)."""
        return self.state / "floor/book.json"

    @property
    def roster_file(self) -> Path:
        """acd's own: the last roster that it heard of crm (acd/agents/roster_keeper.py)."""
        return self.state / "floor/roster.json"

    @property
    def audit_head_file(self) -> Path:
        """crm's and the dashboard's: the audit's newest place and hash, outside the database (crm/staff/chain.py)."""
        return self.state / "audit-head.json"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def secrets_file(self) -> Path:
        return self.state / "secrets.json"

    def secrets(self) -> dict[str, str]:
        """Made at first start, mode 0600: `ami`, `session`, `audit`, `recordings-key-<n>`, `seat-<number>`, `user-<name>`
        (first passwords)."""
        loaded: dict[str, str] = json.loads(self.secrets_file.read_text())
        return loaded

    @classmethod
    def load(cls, state: Path | None = None) -> Self:
        """The instance of `state`, of `SIXRING_STATE`, or the default one.

        Raises FileNotFoundError when `sixring up` has never run there.
        """
        folder = state or Path(os.environ.get("SIXRING_STATE") or default_state())
        raw = json.loads((folder / "instance.json").read_text())
        return cls(
            state=folder,
            ports=Ports(raw["offset"]),
            site_file=Path(raw["site_file"]),
            node=raw["node"],
            redis_url=raw["redis_url"],
            database_url=raw["database_url"],
            demo=raw["demo"],
            ami=raw.get("ami", ""),
        )

    def save(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        raw = asdict(self) | {"offset": self.ports.offset, "site_file": str(self.site_file)}
        for name in ("state", "ports"):
            del raw[name]
        target = self.state / "instance.json"
        part = target.with_suffix(".part")
        part.touch(mode=0o600)  # a database URL may hold a password
        part.write_text(json.dumps(raw, indent=2) + "\n")
        part.replace(target)


def new_settings(state: Path, *, offset: int, site_file: Path, redis_url: str = "", database_url: str = "",
                 demo: bool = True, node: str = "node1", ami: str = "") -> Settings:
    """Settings with the embedded defaults: a private Redis on a socket and SQLite, both in the state folder."""
    return Settings(
        state=state, ports=Ports(offset), site_file=site_file, node=node, demo=demo, ami=ami,
        redis_url=redis_url or f"unix://{state}/redis/redis.sock",
        database_url=database_url or f"sqlite:///{state}/sixring.db",
    )
