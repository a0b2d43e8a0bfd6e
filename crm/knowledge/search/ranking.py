"""What a ranker is, the one by characters, and how two of them are made one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from crm.knowledge.schemas import EntryContent
from crm.knowledge.search.bm25 import Bm25

OF_ANSWER: Final = 0.3       # what is said in an answer counts less than how people ask
CONSTANT: Final = 5          # of reciprocal rank fusion; 60 in Cormack, Clarke and Büttcher (2009) is for long lists


@dataclass(frozen=True)
class Entry:
    """One that is shown."""

    item_id: int
    code: str
    number: int
    content: EntryContent

    @property
    def phrases(self) -> list[str]:
        """How people ask, in both languages."""
        return [phrase for words in (self.content.zh, self.content.en) if words for phrase in (words.question, *words.similar)]

    @property
    def answers(self) -> list[str]:
        return [words.answer for words in (self.content.zh, self.content.en) if words]

    def holds(self, estates: frozenset[int] | None, day: date) -> bool:
        """For one of these estates (None: of all) on that local day."""
        own = self.content.estates
        return self.content.holds_on(day) and (not own or estates is None or not estates.isdisjoint(own))


class Ranker(Protocol):
    """`scores`: of entries by id, the best highest; what it knows nothing of is left out. No two rankers' scores compare."""

    def put(self, entry: Entry) -> None: ...
    def drop(self, item_id: int) -> None: ...
    def scores(self, query: str) -> Mapping[int, float]: ...


class ByCharacters:
    """An entry counts what its best phrase does, and a little for its answer."""

    def __init__(self) -> None:
        self._phrases: Bm25[tuple[int, int]] = Bm25()
        self._answers: Bm25[tuple[int, int]] = Bm25()
        self._held: dict[int, tuple[int, int]] = {}

    def put(self, entry: Entry) -> None:
        self.drop(entry.item_id)
        for place, phrase in enumerate(entry.phrases):
            self._phrases.put((entry.item_id, place), phrase)
        for place, answer in enumerate(entry.answers):
            self._answers.put((entry.item_id, place), answer)
        self._held[entry.item_id] = len(entry.phrases), len(entry.answers)

    def drop(self, item_id: int) -> None:
        phrases, answers = self._held.pop(item_id, (0, 0))
        for place in range(phrases):
            self._phrases.drop((item_id, place))
        for place in range(answers):
            self._answers.drop((item_id, place))

    def scores(self, query: str) -> Mapping[int, float]:
        asked, said = best(self._phrases.scores(query)), best(self._answers.scores(query))
        return {item_id: asked.get(item_id, 0.0) + OF_ANSWER * said.get(item_id, 0.0) for item_id in asked.keys() | said.keys()}


def best(scores: Mapping[tuple[int, int], float]) -> dict[int, float]:
    found: dict[int, float] = {}
    for (item_id, _), score in scores.items():
        found[item_id] = max(score, found.get(item_id, score))
    return found


def order(scores: Mapping[int, float]) -> list[int]:
    """Best first; the older entry where two count the same."""
    return sorted(scores, key=lambda item_id: (-scores[item_id], item_id))


def fused(rankings: Sequence[tuple[float, Sequence[int]]]) -> list[int]:
    """Reciprocal rank fusion of (weight, ids best first): an id counts weight ÷ (5 + its place) in each."""
    counted: dict[int, float] = {}
    for weight, ranking in rankings:
        for place, item_id in enumerate(ranking, start=1):
            counted[item_id] = counted.get(item_id, 0.0) + weight / (CONSTANT + place)
    return order(counted)
