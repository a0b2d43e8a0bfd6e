"""Files that must go: named in the transaction that forgets what they are of, removed after it, however often the process dies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.database import Database
from crm.privacy.models import DoomedFile

RECORDINGS: Final = "recordings"
VOICEMAIL: Final = "voicemail"
ATTACHMENTS: Final = "attachments"
_AT_ONCE: Final = 200


def doom(session: Session, folder: str, path: str, now: datetime) -> None:
    """`path` is below the folder. Safe to repeat."""
    known = session.scalar(select(DoomedFile.id).where(DoomedFile.folder == folder, DoomedFile.path == path))
    if known is None:
        session.add(DoomedFile(folder=folder, path=path, at=now))
        session.flush()


def sweep(database: Database, folders: Mapping[str, Path]) -> int:
    """How many files are gone now. One that cannot be removed stays named and keeps no other: its OSError is raised in the end."""
    done, last, failed = 0, 0, None
    while True:
        with database.reading() as session:
            rows = session.execute(select(DoomedFile.id, DoomedFile.folder, DoomedFile.path)
                                   .where(DoomedFile.folder.in_(sorted(folders)), DoomedFile.id > last)
                                   .order_by(DoomedFile.id).limit(_AT_ONCE)).all()
        gone = []
        for ident, folder, name in rows:
            last = ident
            path = (folders[folder] / name).resolve()
            try:
                if path.is_relative_to(folders[folder].resolve()):
                    path.unlink(missing_ok=True)
            except OSError as error:
                failed = error
            else:
                gone.append(ident)
        if gone:
            with database.writing.begin() as session:
                session.execute(delete(DoomedFile).where(DoomedFile.id.in_(gone)))
        done += len(gone)
        if len(rows) < _AT_ONCE:
            break
    if failed is not None:
        raise failed
    return done
