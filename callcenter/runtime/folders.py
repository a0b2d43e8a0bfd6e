"""The folders of an instance, and who may write where. Root keeps the secrets; Asterisk's user owns what it writes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter.runtime.owner import NoOwner, Owner

if TYPE_CHECKING:
    from callcenter.settings import Settings

SCRIPTS = ("keep.sh", "watch.sh")
_OURS = ("log", "run", "redis", "attachments")
_ASTERISKS = ("asterisk/log", "asterisk/log/cel-custom", "asterisk/run", "asterisk/lib", "asterisk/lib/keys",
              "asterisk/spool", "asterisk/spool/tmp", "recordings", "voicemail")
_READ_BY_ASTERISK = ("asterisk/etc", "asterisk/data")


def make_folders(settings: Settings, owner: Owner) -> None:
    """Idempotent. Raises NoOwner when Asterisk's user cannot reach the state folder."""
    state = settings.state
    state.mkdir(parents=True, exist_ok=True, mode=0o755)
    for name in ("", "asterisk", *_READ_BY_ASTERISK):
        _folder(state / name, 0o750)
        owner.may_read(state / name)
    for name in _OURS:
        _folder(state / name, 0o700)
    for name in _ASTERISKS:
        _folder(state / name, 0o750)
        owner.own(state / name)
    if owner.drop and not owner.reaches(settings.asterisk / "etc"):
        raise NoOwner(f"the user that runs Asterisk cannot reach {state}: choose a folder below /var/lib or /srv "
                      "(SIXRING_STATE), or let others pass through the folders above it")
    copy_scripts(state / "run")


def copy_scripts(run: Path) -> None:
    """Running shells read their script as they go: they run a copy, replaced as a whole, never the checkout's file."""
    for name in SCRIPTS:
        source, target = Path(__file__).parent / name, run / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            part = target.with_suffix(".part")
            shutil.copyfile(source, part)
            part.replace(target)


def let_asterisk_read(settings: Settings, owner: Owner) -> None:
    """The rendered configuration holds passwords: its owner and Asterisk's group read it, nobody else."""
    for name in _READ_BY_ASTERISK:
        for path in (settings.state / name).rglob("*"):
            if not path.is_symlink():
                path.chmod(0o750 if path.is_dir() else 0o640)
                owner.may_read(path)


def fingerprint(*paths: Path) -> str:
    """Of the files and of every file below the folders; missing ones count as missing."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.suffix == ".pyc":
                continue
            digest.update(str(file).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest() if file.exists() else b"-")
    return digest.hexdigest()


def _folder(path: Path, mode: int) -> None:
    path.mkdir(exist_ok=True)
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
