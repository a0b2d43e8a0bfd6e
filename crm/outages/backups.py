"""When a backup is due and how old the last good one is (C8): pure; and the process that makes one, tries it and drops old ones.

The guard starts that process once a day, so it is made while crm is dead too. Its results are lines of `backups.jsonl`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

from crm.outages.ladder import Look, Seen
from crm.outages.plan import BackupPlan

BACKUPS: Final = "backups.jsonl"
NAME: Final = "sixring-{at:%Y%m%d-%H%M%S}.backup"
PATTERN: Final = "sixring-????????-??????.backup"
RETRY: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Made:
    """One try. `error` "": it was made, and a trial of restoring it went well."""

    at: datetime
    file: str
    error: str = ""
    size: int = 0
    rows: int = 0

    def written(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "backup": self.file, "error": self.error, "bytes": self.size, "rows": self.rows}


def made_of(said: dict[str, Any]) -> Made | None:
    try:
        return Made(datetime.fromisoformat(said["at"]), str(said["backup"]), str(said["error"]), int(said["bytes"]),
                    int(said["rows"]))
    except (KeyError, TypeError, ValueError):
        return None


def is_due(plan: BackupPlan, made: Sequence[Made], since: datetime, now: datetime, tz: tzinfo) -> bool:
    """Once after each day's time; what failed is tried again every hour. `since`: when backups began to be made here."""
    local = now.astimezone(tz)
    at = local.replace(hour=plan.minute // 60, minute=plan.minute % 60, second=0, microsecond=0)
    if at > local:
        at -= timedelta(days=1)
    if at <= since.astimezone(tz):
        return False
    lately = [one for one in made if one.at >= at]
    return not lately or (all(one.error for one in lately) and now - lately[-1].at >= RETRY)


def look(plan: BackupPlan, made: Sequence[Made], since: datetime, now: datetime) -> Seen:
    """Bad as soon as one fails, and while the last good one is too old."""
    good = [one.at for one in made if not one.error]
    hours = int((now - (good[-1] if good else since)).total_seconds() // 3600)
    if made and made[-1].error:
        return Seen(Look.DOWN, f"failed:{made[-1].error}"[:60])
    if hours >= plan.oldest_h:
        return Seen(Look.DOWN, f"age_h={hours}")
    return Seen(Look.OK, f"age_h={hours}" if good else "none_yet")


def make(folder: Path, keep: int, now: datetime, back_up: Callable[[Path], None], trial: Callable[[Path], int]) -> Made:
    """Never raises: what went wrong is in what it gives. Older ones go only once the new one was tried."""
    file = folder / NAME.format(at=now.astimezone(UTC))
    new = file.with_name(file.name + ".new")      # one that fails must not take a good one of the same second with it
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        back_up(new)
        rows, size = trial(new), new.stat().st_size
        new.replace(file)
    except Exception as error:     # whatever it is, it is told, and there is no backup
        with suppress(OSError):    # of a disk that takes nothing any more, nothing can be taken away either
            new.unlink(missing_ok=True)
        return Made(now, str(file), getattr(error, "code", type(error).__name__))
    for old in sorted(folder.glob(PATTERN))[:-keep]:
        with suppress(OSError):
            old.unlink(missing_ok=True)
    return Made(now, str(file), "", size, rows)
