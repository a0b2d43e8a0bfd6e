"""Users and sign-in (K1). Passwords are argon2id hashes; a browser holds a token of which only the hash is stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from callcenter.errors import Conflict, NotFound
from callcenter.roles import Role
from crm.staff.actor import Actor
from crm.staff.hashes import hash_of, is_outdated, matches
from crm.staff.models import FailedSignIn, SignIn, User
from crm.staff.schemas import Refused, SignedIn, UserShown

TRIES_PER_NAME = 5
TRIES_PER_ADDRESS = 30      # an office behind one address has many people
TRIES_WINDOW = timedelta(minutes=15)
SIGNED_IN_FOR = timedelta(hours=12)     # one shift
SHORTEST_PASSWORD = 8


class WeakPassword(Conflict):
    code = "weak_password"
    status = 422


def add_user(session: Session, name: str, roles: Collection[Role], password: str, now: datetime) -> UserShown:
    if session.scalar(select(User.id).where(User.name == name)) is not None:
        raise Conflict(f"user {name} exists")
    user = User(name=name, roles=sorted(roles), password_hash=_hash(password), active=True, created_at=now)
    session.add(user)
    session.flush()
    return shown(user)


def users(session: Session) -> list[UserShown]:
    return [shown(user) for user in session.scalars(select(User).order_by(User.name))]


def set_password(session: Session, name: str, password: str, now: datetime) -> None:
    """Also ends every sign-in of the user: whoever knew the old one is out."""
    user = _named(session, name)
    user.password_hash = _hash(password)
    _revoke_all(session, user, now)


def disable_user(session: Session, name: str, now: datetime) -> None:
    user = _named(session, name)
    user.active = False
    _revoke_all(session, user, now)


@dataclass(frozen=True)
class Compared:
    """What a password was compared with (None: with nobody's); `newer` is its hash where that one is outdated."""

    hashed: str | None = None
    right: bool = False
    newer: str | None = None


def compare(session: Session, name: str, password: str, address: str, now: datetime) -> Compared | Refused:
    """For `authenticate`, in a transaction that only reads: it takes a tenth of a second, and on SQLite whoever writes keeps
    everybody else from it. Refused is what is throttled: nothing is compared and nothing is to be written, however often."""
    if retry_at := _throttled_until(session, name, address, now):
        return Refused(retry_at)
    hashed = session.scalar(select(User.password_hash).where(User.name == name))
    right = matches(hashed, password)
    return Compared(hashed, right, hash_of(password) if right and hashed is not None and is_outdated(hashed) else None)


def authenticate(session: Session, name: str, compared: Compared, address: str, now: datetime) -> UserShown | Refused:
    """Commit whatever the answer: a refusal has written the failed attempt. Throttled per name and per address, which is looked
    at here once more: any number may have been compared at the same time."""
    if retry_at := _throttled_until(session, name, address, now):
        return Refused(retry_at)
    user = session.scalar(select(User).where(User.name == name))
    if user is None or not compared.right or compared.hashed != user.password_hash or not user.active:
        session.add(FailedSignIn(name=name[:40], address=address[:45], at=now))
        return Refused()
    if compared.newer is not None:
        user.password_hash = compared.newer
    session.execute(delete(FailedSignIn).where(FailedSignIn.name == name))
    session.execute(delete(FailedSignIn).where(FailedSignIn.at < now - TRIES_WINDOW))
    return shown(user)


def sign_in(session: Session, user_id: int, now: datetime, *, seat: str | None = None,
            lasts: timedelta = SIGNED_IN_FOR) -> str:
    """The token for the browser's cookie; it is not stored and cannot be had again."""
    token = secrets.token_urlsafe(32)
    session.execute(delete(SignIn).where(SignIn.expires_at < now - SIGNED_IN_FOR))
    session.add(SignIn(token_hash=_digest(token), user_id=user_id, seat=seat, created_at=now, expires_at=now + lasts))
    session.flush()
    return token


def signed_in(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Who holds the token; None when it is unknown, expired or revoked, or its user disabled."""
    row = session.scalar(select(SignIn).options(joinedload(SignIn.user)).where(SignIn.token_hash == _digest(token)))
    if row is None or row.revoked_at is not None or row.expires_at <= now or not row.user.active:
        return None
    return SignedIn(user=shown(row.user), sign_in_id=row.id, seat=row.seat, expires_at=row.expires_at)


def take_seat(session: Session, sign_in_id: int, seat: str | None) -> None:
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seat=seat))


def sign_out(session: Session, token: str, now: datetime) -> None:
    session.execute(update(SignIn).where(SignIn.token_hash == _digest(token), SignIn.revoked_at.is_(None))
                    .values(revoked_at=now))


def shown(user: User) -> UserShown:
    return UserShown(user.id, user.name, frozenset(Role(role) for role in user.roles), user.active,
                     None if user.estates is None else frozenset(user.estates), user.superior_id)


def as_actor(user: User) -> Actor:
    """Without an agent's code: as whom something is made that nobody asks for at that moment."""
    found = shown(user)
    return Actor(found.name, found.user_id, found.roles, found.estates)


def _throttled_until(session: Session, name: str, address: str, now: datetime) -> datetime | None:
    since = now - TRIES_WINDOW
    for column, value, tries in ((FailedSignIn.name, name[:40], TRIES_PER_NAME),
                                 (FailedSignIn.address, address[:45], TRIES_PER_ADDRESS)):
        count, first = session.execute(
            select(func.count(), func.min(FailedSignIn.at)).where(column == value, FailedSignIn.at > since)).one()
        if count >= tries:
            until: datetime = first + TRIES_WINDOW
            return until
    return None


def _named(session: Session, name: str) -> User:
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        raise NotFound(f"user {name}")
    return user


def _revoke_all(session: Session, user: User, now: datetime) -> None:
    session.execute(update(SignIn).where(SignIn.user_id == user.id, SignIn.revoked_at.is_(None))
                    .values(revoked_at=now))


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"shorter than {SHORTEST_PASSWORD}")
    return hash_of(password)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
