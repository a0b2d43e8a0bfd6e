"""What an agent reads out in this call: greeting (A3), closing of a nuisance call (D1), refusal for the press (D4), and safety
instructions while help is coming (H8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.knowledge.models import SHOWN, KnowledgeItem, KnowledgeVersion
from crm.knowledge.rights import READ, may
from crm.knowledge.schemas import Danger, Language, ScriptContent, Use
from crm.staff.actor import Actor

# Of these there is one to read out; of the others, all that fit.
ONE: Final[frozenset[Use]] = frozenset({"greeting", "closing"})
_ORDER: Final[dict[Use, int]] = {"press": 0, "nuisance": 1, "safety": 2, "greeting": 3, "closing": 4}


@dataclass(frozen=True)
class CallNow:
    """What is known of the call, as far as it is known; `tags` are the caller's."""

    kind: str | None = None
    queue: str | None = None
    tags: frozenset[str] = frozenset()
    danger: Danger | None = None
    use: Use | None = None
    estate_id: int | None = None


@dataclass(frozen=True)
class Script:
    item_id: int
    code: str
    number: int
    content: ScriptContent


class ScriptShown(BaseModel):
    item_id: int
    code: str
    number: int = Field(description="of the version")
    use: Use
    danger: Danger | None
    language: Language = Field(description="of the text; the other one where it was not written in the one asked for")
    title: str
    text: str


def to_read_out(scripts: Iterable[Script], call: CallNow, day: date) -> list[Script]:
    """What must not be missed comes first; what is meant for this call before what is meant for every call. Pure."""
    fits = [(fit, script) for script in scripts if (fit := _fit(script.content, call)) is not None and script.content.holds_on(day)]
    fits.sort(key=lambda found: (_ORDER[found[1].content.use], -found[0], found[1].item_id))
    had: set[Use] = set()
    chosen = []
    for _, script in fits:
        if script.content.use in ONE and script.content.use in had:
            continue
        had.add(script.content.use)
        chosen.append(script)
    return chosen


def _fit(content: ScriptContent, call: CallNow) -> int | None:
    """How nearly it is meant for the call; None: not at all. A danger that is named asks for its own instructions alone."""
    if call.use is not None and content.use != call.use:
        return None
    own_estate = 8 if call.estate_id is not None and call.estate_id in content.estates else 0
    if call.danger is not None and content.danger is not None:
        return own_estate + 4 if content.danger == call.danger else None
    if not (content.kinds or content.queues or content.tags):
        return own_estate
    if call.tags & set(content.tags):
        return own_estate + 3
    if call.kind is not None and call.kind in content.kinds:
        return own_estate + 2
    if call.queue is not None and call.queue in content.queues:
        return own_estate + 1
    return None


def scripts_now(session: Session, actor: Actor, call: CallNow, language: Language, day: date, company: dict[Language, str],
                ) -> list[ScriptShown]:
    """Of those that are approved and hold for the call's estate."""
    may(actor, READ)
    if not actor.sees(call.estate_id):
        raise NotFound(f"estate {call.estate_id}")
    rows = session.execute(
        select(KnowledgeItem, KnowledgeVersion).join(KnowledgeVersion, SHOWN)
        .where(KnowledgeItem.sort == "script", KnowledgeItem.retired_at.is_(None)).order_by(KnowledgeItem.id)).all()
    found = [Script(item.id, item.code, version.number, ScriptContent.model_validate(version.content)) for item, version in rows]
    own = [each for each in found if _holds(each.content, call.estate_id)]
    return [_shown(each, language, company) for each in to_read_out(own, call, day)]


def _holds(content: ScriptContent, estate_id: int | None) -> bool:
    """An estate's own script is for its callers; of a caller whom nobody knows, only what holds everywhere is true."""
    return not content.estates or estate_id in content.estates


def _shown(script: Script, language: Language, company: dict[Language, str]) -> ScriptShown:
    spoken, words = script.content.words(language)
    return ScriptShown(item_id=script.item_id, code=script.code, number=script.number, use=script.content.use,
                       danger=script.content.danger, language=spoken, title=words.title.replace("{company}", company[spoken]),
                       text=words.text.replace("{company}", company[spoken]))
