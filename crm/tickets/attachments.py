"""Files of tickets: photos, PDFs, sound. What a file is, its first bytes say; where it lies, we say; its name is only shown."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound, SixringError
from crm.staff.actor import Actor
from crm.tickets.models import Attachment
from crm.tickets.reading import visible
from crm.tickets.schemas import AttachmentShown
from crm.tickets.service import record

LARGEST: Final = 20 * 1024 * 1024       # a minute of sound, a photo of any phone
MOST: Final = 50                        # of one ticket
LONGEST_NAME: Final = 120
_ODD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\:*?\"<>|]")
# By its beginning: (offset, bytes) that must be there → type. Nothing that a browser would run is among them.
_BEGINNINGS: Final[tuple[tuple[tuple[tuple[int, bytes], ...], str], ...]] = (
    (((0, b"\xff\xd8\xff"),), "image/jpeg"),
    (((0, b"\x89PNG\r\n\x1a\n"),), "image/png"),
    (((0, b"RIFF"), (8, b"WEBP")), "image/webp"),
    (((4, b"ftypheic"),), "image/heic"),
    (((0, b"%PDF-"),), "application/pdf"),
    (((0, b"RIFF"), (8, b"WAVE")), "audio/wav"),
    (((0, b"OggS"),), "audio/ogg"),
    (((0, b"ID3"),), "audio/mpeg"),
    (((0, b"\xff\xfb"),), "audio/mpeg"),
    (((4, b"ftypM4A"),), "audio/mp4"),
    (((0, b"\x1aE\xdf\xa3"),), "audio/webm"),
    (((0, b"#!AMR"),), "audio/amr"),
)


class TooLarge(SixringError):
    code = "too_large"
    status = 413


class UnknownType(SixringError):
    """Neither a photo, nor a PDF, nor sound."""

    code = "unsupported_media_type"
    status = 415


class TooMany(Conflict):
    code = "too_many_files"


class Damaged(Conflict):
    """What lies there is not what was put there."""

    code = "file_damaged"


def type_of(content: bytes) -> str | None:
    return next((kind for marks, kind in _BEGINNINGS if all(content[at:at + len(mark)] == mark for at, mark in marks)), None)


def safe_name(given: str, kind: str) -> str:
    """To be shown and offered for saving: no folders, no controls, nothing that turns the direction of writing."""
    name = _ODD.sub("", given).strip(". ")[:LONGEST_NAME]
    return name or f"file.{kind.rpartition('/')[2]}"


def attach(session: Session, actor: Actor, folder: Path, ticket_id: int, name: str, content: bytes,
           now: datetime) -> AttachmentShown:
    """Whoever sees the ticket may add to it. The file is on the disk before the row is; a transaction that fails leaves a file of
    which nothing knows. Raises NotFound, TooLarge, UnknownType, TooMany."""
    row, _ = visible(session, actor, ticket_id)
    if len(content) > LARGEST:
        raise TooLarge
    kind = type_of(content)
    if kind is None:
        raise UnknownType
    digest = hashlib.sha256(content).hexdigest()
    same = session.scalar(select(Attachment).where(Attachment.ticket_id == ticket_id, Attachment.sha256 == digest))
    if same is not None:
        return shown(same)      # sent twice, by a phone that did not hear the answer
    if (session.scalar(select(func.count()).select_from(Attachment).where(Attachment.ticket_id == ticket_id)) or 0) >= MOST:
        raise TooMany
    path = f"{now:%Y/%m}/{secrets.token_hex(16)}"
    _write(folder / path, content)
    kept = Attachment(ticket_id=row.id, at=now, who=actor.name[:40], user_id=actor.user_id, name=safe_name(name, kind), type=kind,
                      bytes=len(content), sha256=digest, path=path)
    session.add(kept)
    session.flush()
    record(session, row, actor, now, "attached", {"attachment": kept.id, "type": kind, "bytes": len(content)})
    return shown(kept)


def attachments(session: Session, actor: Actor, ticket_id: int) -> list[AttachmentShown]:
    visible(session, actor, ticket_id)
    return [shown(row) for row in session.scalars(
        select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.id))]


def content_of(session: Session, actor: Actor, folder: Path, ticket_id: int, attachment_id: int) -> tuple[AttachmentShown, bytes]:
    """Raises NotFound, Damaged."""
    visible(session, actor, ticket_id)
    row = session.get(Attachment, attachment_id)
    if row is None or row.ticket_id != ticket_id:
        raise NotFound(f"attachment {attachment_id}")
    try:
        content = (folder / row.path).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"file of attachment {attachment_id}") from error
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise Damaged(f"attachment {attachment_id}")
    return shown(row), content


def shown(row: Attachment) -> AttachmentShown:
    return AttachmentShown(row.id, row.at, row.who, row.name, row.type, row.bytes, row.sha256)


def _write(path: Path, content: bytes) -> None:
    """Its owner's alone, and on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
