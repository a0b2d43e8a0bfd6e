"""Asterisk never runs as root: started by root it runs as `sixring`, started by a user as that user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import SixringError

USER = "sixring"


class NoOwner(SixringError):
    """The system user is missing and could not be made, or cannot reach the state folder."""

    code = "no_owner"


@dataclass(frozen=True)
class Owner:
    uid: int
    gid: int
    drop: bool  # root must become this user first

    def command(self, command: list[str]) -> list[str]:
        if not self.drop:
            return command
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--inh-caps=-all",
                "--no-new-privs", *command]

    def own(self, path: Path) -> None:
        if self.drop:
            os.chown(path, self.uid, self.gid)

    def may_read(self, path: Path) -> None:
        """Root keeps the file, the owner's group reads it."""
        if self.drop:
            os.chown(path, 0, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this user can open `path` through every folder above it."""
        return subprocess.run(self.command(["test", "-r", str(path)])).returncode == 0


def asterisk_owner() -> Owner:
    """Who Asterisk runs as; root makes the user when it is missing. Raises NoOwner."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), drop=False)
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        _make_user()
        entry = pwd.getpwnam(USER)
    return Owner(entry.pw_uid, entry.pw_gid, drop=True)


def _make_user() -> None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if program is None:
        raise NoOwner(f"no user {USER}, and no useradd to make it")
    done = subprocess.run([program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
                           "--shell", "/usr/sbin/nologin", USER], capture_output=True, text=True)
    if done.returncode not in (0, 9):  # 9: another `up` was faster
        raise NoOwner(f"could not make the user {USER}: {done.stderr.strip()}")
