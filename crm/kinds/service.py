"""Which kinds there are, in which version; a new version holds for new tickets at once, in every process.

Every transaction asks the database which version is the newest, by key; what a version says is remembered under its digest.
All of them are read anew when there are more than before: versions are added, never changed and never taken away. How many there
are is their edition; a statement that goes by the kinds can ask for it along with its own rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from callcenter.errors import ConfigError, Forbidden, NotFound, check_version
from callcenter.roles import Role
from callcenter.yamlfile import FileFaults
from crm.kinds.load import load_kept, load_kind, shipped_texts
from crm.kinds.models import KindVersion
from crm.kinds.schema import Kind
from crm.outbox.service import note
from crm.remembered import forget, last_shared, remember, remembered, shared, wrote
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit

KINDS: Final = "kinds"
EDITION: Final = "edition of the kinds"
WRITES: Final = frozenset({Role.ADMIN, Role.MANAGER})
_READ: Final[dict[str, Kind]] = {}      # by digest: the same text says the same in every database


@dataclass(frozen=True)
class Versioned:
    kind: Kind
    version: int


@dataclass(frozen=True)
class VersionShown:
    version: int
    since: datetime
    who: str


@dataclass(frozen=True)
class Written:
    """`version` is None after a dry run; `changed` says whether the text differs from the newest version's."""

    kind: Kind
    version: int | None
    changed: bool


def kind_of(session: Session, kind: str, version: int | None = None) -> Versioned:
    """The newest one, as the transaction first saw it, when no version is said. Raises NotFound."""
    return remembered(session, ("kind", kind, version), lambda: _kind_of(session, kind, version))


def _kind_of(session: Session, kind: str, version: int | None) -> Versioned:
    query = select(KindVersion.version, KindVersion.digest).where(KindVersion.kind == kind)
    query = query.where(KindVersion.version == version) if version else query.order_by(KindVersion.version.desc()).limit(1)
    found = session.execute(query).first()
    if found is None:
        raise NotFound(f"kind {kind}" + (f" version {version}" if version else ""))
    return Versioned(_kind(session, kind, found.version, found.digest), found.version)


def all_versions(session: Session, edition: int | None = None) -> list[Versioned]:
    """By kind, the newest first: of the edition that the transaction first saw, or of the one that is said."""
    number = edition_now(session) if edition is None else edition
    return shared(session, KINDS, number, lambda: _all_versions(session))


def edition_column() -> ScalarSelect[int]:
    """For a statement that has rows of its own to ask for."""
    return select(func.count()).select_from(KindVersion).scalar_subquery()


def edition_now(session: Session) -> int:
    return remembered(session, EDITION, lambda: session.scalar(select(edition_column())) or 0)


def edition_is(session: Session, edition: int) -> None:
    """A statement of this transaction has said it."""
    remember(session, EDITION, edition)


def edition_supposed(session: Session) -> int:
    """The one that this process went by last. Whoever goes by it asks for `edition_column` in the same statement, and once more
    by the right one should it be another."""
    number = last_shared(session, KINDS)
    return edition_now(session) if number is None else number


def _all_versions(session: Session) -> list[Versioned]:
    rows = session.execute(select(KindVersion.kind, KindVersion.version, KindVersion.digest)
                           .order_by(KindVersion.kind, KindVersion.version.desc())).all()
    return [Versioned(_kind(session, kind, version, digest), version) for kind, version, digest in rows]


def newest(session: Session) -> list[Versioned]:
    found: dict[str, Versioned] = {}
    for one in all_versions(session):
        found.setdefault(one.kind.kind, one)
    return list(found.values())


def kinds_for(session: Session, actor: Actor) -> list[Versioned]:
    """Those that the actor may open or see."""
    return [one for one in newest(session) if may_open(one.kind, actor) or may_see(one.kind, actor) or actor.has(*WRITES)]


def may_open(kind: Kind, actor: Actor) -> bool:
    return actor.is_system or (not kind.retired and actor.has(*kind.opened_by))


def may_see(kind: Kind, actor: Actor) -> bool:
    return actor.has(*kind.seen_by)


def kinds_seen(session: Session, actor: Actor) -> frozenset[str]:
    """Those of which the actor's roles see every ticket of their estates, whatever its version."""
    found: dict[str, bool] = {}
    for one in all_versions(session):
        found[one.kind.kind] = found.get(one.kind.kind, True) and may_see(one.kind, actor)
    return frozenset(kind for kind, seen in found.items() if seen)


def versions_of(session: Session, kind: str) -> list[VersionShown]:
    """Newest first."""
    rows = session.execute(select(KindVersion.version, KindVersion.since, KindVersion.who)
                           .where(KindVersion.kind == kind).order_by(KindVersion.version.desc()))
    return [VersionShown(version, since, who) for version, since, who in rows]


def text_of(session: Session, kind: str, version: int) -> str:
    found = session.get(KindVersion, (kind, version))
    if found is None:
        raise NotFound(f"kind {kind} version {version}")
    return found.text


def write_kind(session: Session, actor: Actor, kind: str, text: str, now: datetime, if_version: int | None = None, *,
               dry_run: bool = False) -> Written:
    """A new version, or the first of a new kind; the same text again is none. `if_version`: the newest one that the writer has
    read. Raises FileFaults with every fault, Changed."""
    if not actor.has(*WRITES):
        raise Forbidden
    found = load_kind(text, f"{kind}.yaml", {one.kind.kind: one.kind for one in newest(session)})
    if found.kind != kind:
        raise FileFaults([ConfigError(f"{kind}.yaml", _line_of_kind(text), "kind", f"is {found.kind}", f"`kind: {kind}`")])
    last = session.execute(select(KindVersion.version, KindVersion.digest).where(KindVersion.kind == kind)
                           .order_by(KindVersion.version.desc()).limit(1).with_for_update()).first()
    check_version(last.version if last else 0, if_version)
    digest = _digest(text)
    if dry_run or (last and last.digest == digest):
        return Written(found, None if dry_run or last is None else last.version, last is None or last.digest != digest)
    version = last.version + 1 if last else 1
    forget(session)
    wrote(session, KINDS)
    session.add(KindVersion(kind=kind, version=version, text=text, digest=digest, since=now, who=actor.name))
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="kind.written", subject=f"kind:{kind}",
                 detail=f"version {version}")
    note(session, now, "kind.written", f"kind:{kind}", version=version)
    session.flush()
    return Written(found, version, changed=True)


def put_shipped(session: Session, now: datetime) -> list[str]:
    """The shipped kinds that the database has none of, added; and a new version of those that nobody at this site has ever
    written. One that somebody wrote is never touched. Returns what was added."""
    last: dict[str, KindVersion] = {}
    for row in session.scalars(select(KindVersion).order_by(KindVersion.kind, KindVersion.version)):
        last[row.kind] = row
    added = {kind: text for kind, text in shipped_texts().items()
             if kind not in last or (last[kind].who == SYSTEM.name and last[kind].digest != _digest(text))}
    session.add_all(KindVersion(kind=kind, version=last[kind].version + 1 if kind in last else 1, text=text, digest=_digest(text),
                                since=now, who=SYSTEM.name)
                    for kind, text in added.items())
    session.flush()
    forget(session)
    wrote(session, KINDS)
    return list(added)


def _kind(session: Session, kind: str, version: int, digest: str) -> Kind:
    if digest not in _READ:
        _READ[digest] = load_kept(text_of(session, kind, version), f"{kind}.yaml")
    return _READ[digest]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _line_of_kind(text: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith("kind:")), 1)
