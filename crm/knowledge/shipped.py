"""What an empty bank begins with: answers and scripts in our own words, of which each house makes its own."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.yamlfile import read_yaml
from crm.knowledge.models import KnowledgeCategory, KnowledgeItem
from crm.knowledge.schemas import Code, EntryContent, Part, ScriptContent
from crm.knowledge.service import SORTS, Content, add_version, next_stamp
from crm.staff.actor import SYSTEM

_WRAPPED: Final = re.compile(r"(?<!\n)\n(?!\n|- |[0-9]\. )")
FOLDER: Final = Path(__file__).parent / "shipped"


class CategoryWords(Part):
    zh: str
    en: str


class Shipped(Part):
    """One file; what it has by code."""

    categories: dict[Code, CategoryWords] = Field(default_factory=dict)
    entries: dict[Code, EntryContent] = Field(default_factory=dict)
    scripts: dict[Code, ScriptContent] = Field(default_factory=dict)


def shipped() -> Shipped:
    """All files as one. Raises FileFaults: a file that is shipped with a fault is found by the tests."""
    files = [read_yaml(path.read_text(encoding="utf-8"), path.name, Shipped, begin="entries: …", broken=lambda _: (), patterns={},
                       aliases=False) for path in sorted(FOLDER.glob("*.yaml"))]
    return Shipped(categories={code: words for file in files for code, words in file.categories.items()},
                   entries={code: _unwrapped(entry) for file in files for code, entry in file.entries.items()},
                   scripts={code: script for file in files for code, script in file.scripts.items()})


def _unwrapped(entry: EntryContent) -> EntryContent:
    """English goes on over the file's lines; a line of its own begins a list's item, or comes after an empty one."""
    if entry.en is None:
        return entry
    answer = _WRAPPED.sub(" ", entry.en.answer)
    return entry.model_copy(update={"en": entry.en.model_copy(update={"answer": answer})})


def put_shipped_knowledge(session: Session, now: datetime) -> int:
    """How many items were put in: into an empty bank all of them, approved; into any other none."""
    if session.scalar(select(KnowledgeItem.id).limit(1)) is not None:
        return 0
    found = shipped()
    there = set(session.scalars(select(KnowledgeCategory.code)))
    session.add_all(KnowledgeCategory(code=code, zh=words.zh, en=words.en)
                    for code, words in found.categories.items() if code not in there)
    session.flush()
    contents: list[tuple[str, Content]] = [*found.scripts.items(), *found.entries.items()]
    stamp = next_stamp(session)
    rows = [KnowledgeItem(sort=SORTS[type(content)], code=code, title=content.title, category=content.category, newest=1, shown=1,
                          version=1, stamp=stamp, created_at=now, updated_at=now, retired_at=None) for code, content in contents]
    session.add_all(rows)
    session.flush()
    for row, (_, content) in zip(rows, contents, strict=True):
        add_version(session, row, content, now, SYSTEM.name, None, approved=True)
    return len(rows)
