"""What a surge takes from agents, and gives back (B2, B5). Pure; where they ring meanwhile, acd/reconcile/wanted.py says."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from acd.desired.book import Book, SignedIn
from callcenter.commands import PauseReason

LIFTED: Final = frozenset({PauseReason.TRAINING, PauseReason.OUTBOUND, PauseReason.BACK_OFFICE})
"""Pauses that are work of another kind. Nobody is called back from a break, a meal or while being helped."""


def at_tier(book: Book, tier: int) -> Book:
    """The same book when it is at this tier already. From tier to tier nothing more is taken, and nothing given back before 0.

    Who has chosen anew meanwhile (a break, ready, out) keeps that: acd/agents/transitions.py forgets what was taken then.
    """
    agents = {code: _taken(entry) if tier else _given_back(entry) for code, entry in book.agents.items()}
    return replace(book, tier=tier, agents=agents)


def _taken(entry: SignedIn) -> SignedIn:
    return replace(entry, pause=None, lifted=entry.pause) if entry.pause in LIFTED else entry


def _given_back(entry: SignedIn) -> SignedIn:
    return replace(entry, pause=entry.lifted, lifted=None) if entry.lifted else entry
