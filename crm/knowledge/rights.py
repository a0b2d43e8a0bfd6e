"""Who may do what with knowledge (K1), whose estates it is of, and the errors of this domain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, or_, select, true
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound
from callcenter.roles import Role
from crm.households.models import Estate
from crm.knowledge.models import KnowledgeEstate, KnowledgeItem, KnowledgeVersion
from crm.staff.actor import Actor

APPROVE: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})
READ: Final = APPROVE | {Role.AGENT, Role.DUTY_LEAD}        # and write drafts
KEEP: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})     # import, export, categories


class OwnDraft(Conflict):
    """Whoever wrote a version does not decide about it: four eyes."""

    code = "own_draft"


class NotWaiting(Conflict):
    """No draft that waits for a decision: a newer one is there, or somebody has decided."""

    code = "not_waiting"


class Retired(Conflict):
    """Restore it first."""

    code = "retired"


class NotRetired(Conflict):
    code = "not_retired"


class CodeTaken(Conflict):
    code = "code_taken"


class CategoryUnknown(Conflict):
    code = "category_unknown"
    status = 422


class NothingNew(Conflict):
    """It says what the newest version says."""

    code = "nothing_new"


class ItemMissing(Conflict):
    """Which entry was chosen, or answered from?"""

    code = "item_missing"
    status = 422


def may(actor: Actor, roles: frozenset[Role]) -> None:
    if not actor.has(*roles):
        raise Forbidden


def may_write_for(session: Session, actor: Actor, estates: Iterable[int]) -> None:
    """Who is bound to estates writes for these alone, not for all. Raises NotFound for an estate that is none of theirs."""
    wanted = set(estates)
    there = set(session.scalars(select(Estate.id).where(Estate.id.in_(wanted)))) if wanted else set()
    if missing := [each for each in sorted(wanted) if each not in there or not actor.sees(each)]:
        raise NotFound(f"estate {missing[0]}")
    if actor.estates is not None and not wanted:
        raise Forbidden


def sees(actor: Actor, estates: Iterable[int]) -> bool:
    wanted = list(estates)
    return not wanted or any(actor.sees(each) for each in wanted)


def item_seen(actor: Actor) -> ColumnElement[bool]:
    """Of KnowledgeItem: its newest or its shown version holds for an estate of the actor's, or for all."""
    return _seen_in(actor, or_(KnowledgeVersion.number == KnowledgeItem.newest, KnowledgeVersion.number == KnowledgeItem.shown))


def newest_seen(actor: Actor) -> ColumnElement[bool]:
    """… its newest version does: what the item's own columns say of it is for the actor. Else the shown one alone is."""
    return _seen_in(actor, KnowledgeVersion.number == KnowledgeItem.newest)


def _seen_in(actor: Actor, which: ColumnElement[bool]) -> ColumnElement[bool]:
    if actor.estates is None:
        return true()
    held: Any = select(KnowledgeEstate.version_id).where(KnowledgeEstate.version_id == KnowledgeVersion.id)
    own = held.where(KnowledgeEstate.estate_id.in_(sorted(actor.estates)))
    return exists(select(KnowledgeVersion.id).where(
        KnowledgeVersion.item_id == KnowledgeItem.id, which, or_(~exists(held), exists(own))).correlate(KnowledgeItem))
