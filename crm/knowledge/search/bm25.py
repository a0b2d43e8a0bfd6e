"""BM25 (Robertson and Zaragoza, 2009) over short texts in memory; a text is put in and taken out by itself. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from crm.knowledge.search.grams import grams

K = TypeVar("K", bound=Hashable)
K1: Final = 1.2      # how soon one more occurrence counts for little
B: Final = 0.75      # how much a longer text must have more to count the same


class Bm25(Generic[K]):
    def __init__(self) -> None:
        self._postings: dict[str, dict[K, int]] = defaultdict(dict)
        self._texts: dict[K, Counter[str]] = {}
        self._lengths: dict[K, int] = {}
        self._total = 0

    def put(self, key: K, text: str) -> None:
        """In place of what was under the key."""
        self.drop(key)
        counted = Counter(grams(text))
        self._texts[key], self._lengths[key] = counted, counted.total()
        self._total += counted.total()
        for gram, count in counted.items():
            self._postings[gram][key] = count

    def drop(self, key: K) -> None:
        for gram in self._texts.pop(key, ()):
            del self._postings[gram][key]
            if not self._postings[gram]:
                del self._postings[gram]
        self._total -= self._lengths.pop(key, 0)

    def scores(self, query: str) -> dict[K, float]:
        """Of the texts that share anything with the query; none is 0."""
        mean = self._total / len(self._lengths) if self._total else 1.0
        found: dict[K, float] = defaultdict(float)
        for gram in set(grams(query)):
            holders = self._postings.get(gram)
            if not holders:
                continue
            rare = math.log(1 + (len(self._lengths) - len(holders) + 0.5) / (len(holders) + 0.5))
            for key, count in holders.items():
                found[key] += rare * count * (K1 + 1) / (count + K1 * (1 - B + B * self._lengths[key] / mean))
        return dict(found)
