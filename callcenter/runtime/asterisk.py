"""Which Asterisk this machine runs, and how it is called: installed, or from a private root."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import Unavailable
from callcenter.settings import Settings, cache_folder

OLDEST = 20
ROOT_NAME = "asterisk-root"


class NoAsterisk(Unavailable):
    """No Asterisk of at least version 20 was found on this machine."""

    code = "no_asterisk"


@dataclass(frozen=True)
class AsteriskInstall:
    """`prefix` is what stands before the daemon's options: the program, or a private root's loader and the program."""

    prefix: tuple[str, ...]
    modules: Path           # astmoddir
    data: Path              # holds documentation/, which Asterisk must find in its astdatadir
    version: str

    def command(self, conf: Path, *options: str) -> list[str]:
        return [*self.prefix, "-C", str(conf), *options]

    def console(self, settings: Settings, line: str, *, timeout: float = 10) -> str:
        """What a console command answers. Raises Unavailable when the instance's Asterisk does not run."""
        try:
            done = subprocess.run(self.command(conf_of(settings), "-rx", line), capture_output=True, text=True,
                                  timeout=timeout, stdin=subprocess.DEVNULL, errors="replace")
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"asterisk did not answer `{line}` within {timeout:g} s") from error
        if done.returncode != 0:
            raise Unavailable(f"asterisk: {(done.stdout + done.stderr).strip()[-300:]}")
        return done.stdout


def conf_of(settings: Settings) -> Path:
    return settings.asterisk / "etc/asterisk.conf"


def major(version: str) -> int:
    """`Asterisk 22.10.1+dfsg` → 22; 0 when it is no version."""
    found = re.search(r"(\d+)\.\d+", version)
    return int(found.group(1)) if found else 0


def find_asterisk() -> AsteriskInstall:
    """The machine's own Asterisk when it is new enough, else the private root in the cache. Raises NoAsterisk."""
    found = _installed() or _private_root(cache_folder() / ROOT_NAME)
    if found is None:
        raise NoAsterisk(f"no Asterisk >= {OLDEST} on this machine and no private one in {cache_folder()}")
    return found


def _version(prefix: tuple[str, ...]) -> str:
    try:
        return subprocess.run([*prefix, "-V"], capture_output=True, text=True, timeout=10,
                              stdin=subprocess.DEVNULL).stdout.strip().removeprefix("Asterisk ")
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _installed() -> AsteriskInstall | None:
    program = shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    version = _version((program,)) if program else ""
    if program is None or major(version) < OLDEST:
        return None
    modules = [*Path("/usr/lib").glob("*-linux-gnu/asterisk/modules"), Path("/usr/lib64/asterisk/modules"),
               Path("/usr/lib/asterisk/modules"), Path("/usr/local/lib/asterisk/modules")]
    data = [Path("/usr/share/asterisk"), Path("/var/lib/asterisk")]
    return AsteriskInstall(
        prefix=(program,), version=version,
        modules=next((folder for folder in modules if folder.is_dir()), modules[-1]),
        data=next((folder for folder in data if (folder / "documentation").is_dir()), data[0]))


def _private_root(root: Path) -> AsteriskInstall | None:
    """A root without chroot: its own loader and libraries run its own program, as any user."""
    libraries = next(iter(sorted((root / "usr/lib").glob("*-linux-gnu"))), None)
    loaders = [*(root / "usr/lib64").glob("ld-linux*.so.*"), *(root / "usr/lib").glob("ld-linux*.so.*"),
               *(libraries.glob("ld-linux*.so.*") if libraries else ())]
    if libraries is None or not loaders:
        return None
    prefix = (str(loaders[0]), "--library-path", f"{libraries}:{root}/usr/lib", f"{root}/usr/sbin/asterisk")
    version = _version(prefix)
    if major(version) < OLDEST:
        return None
    return AsteriskInstall(prefix=prefix, version=version, modules=libraries / "asterisk/modules",
                           data=root / "usr/share/asterisk")
