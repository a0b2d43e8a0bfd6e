"""The database of an instance, with what its secrets file keeps for it: the audit's key. The one way in for processes."""

from __future__ import annotations

from callcenter.settings import Settings
from crm.database import BUSY_TIMEOUT_MS, Database, open_database
from crm.staff.chain import KEEPER, AuditKeeper

_AUDIT = "audit"           # the name of its key in the secrets file


def open_instance(settings: Settings, *, busy_ms: int = BUSY_TIMEOUT_MS) -> Database:
    return open_database(settings.database_url, {KEEPER: audit_keeper(settings)}, busy_ms=busy_ms)


def audit_keeper(settings: Settings) -> AuditKeeper:
    """An instance that `sixring up` has made has a key; without one the chain is sealed all the same, and `sixring audit verify`
    says so."""
    try:
        key = settings.secrets().get(_AUDIT, "")
    except FileNotFoundError:
        key = ""
    return AuditKeeper(key.encode(), settings.audit_head_file)
