"""Which ports the instance needs, and which process of this machine holds one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from callcenter.settings import Settings

LISTENING = "0A"


@dataclass(frozen=True)
class Need:
    what: str
    program: str
    port: int
    kind: Literal["tcp", "udp"] = "tcp"
    always: bool = True     # else only when the site file asks for it (browser seats)


def needs(settings: Settings) -> list[Need]:
    ports = settings.ports
    asterisks = [] if settings.ami else [Need("SIP", "asterisk", ports.sip, "udp"), Need("AMI", "asterisk", ports.ami),
                                         Need("WebRTC", "asterisk", ports.webrtc, always=False)]
    return [*asterisks, Need("AGI", "agi", ports.agi), Need("pages", "dashboard", ports.web)]


def holders(kind: Literal["tcp", "udp"], port: int) -> list[int]:
    """Pids that hold the port (listening, for TCP); [0] when somebody does whom we may not see; [] when it is free."""
    inodes: set[str] = set()
    for table in (f"/proc/net/{kind}", f"/proc/net/{kind}6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port and (kind == "udp" or fields[3] == LISTENING):
                inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return []
    found = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _holds(entry, inodes)}
    return sorted(found) or [0]


def name_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return "?"
    return " ".join(word for word in words if word)[:80]


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        return any(str(entry.readlink()) in inodes for entry in (process / "fd").iterdir())
    except OSError:
        return False
