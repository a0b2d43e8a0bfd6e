"""Passwords and PINs are kept as argon2id hashes and in no other form."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()


def hash_of(secret: str) -> str:
    return _HASHER.hash(secret)


def is_outdated(stored: str) -> bool:
    """Made with other costs than those of today."""
    return _HASHER.check_needs_rehash(stored)


def matches(stored: str | None, secret: str) -> bool:
    """Takes the same time when there is nothing to compare with, so that it does not tell which names exist."""
    try:
        return _HASHER.verify(stored if stored is not None else _nobodys_hash(), secret)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))
