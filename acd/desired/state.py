"""The declared floor in one place: whoever changes book or roster does it here, whoever acts on it is told here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from acd.desired.book import Book, SignedIn
from callcenter.roster import Agent, Roster
from callcenter.site import Site


class Desired:
    """Holds values; it decides nothing. Listeners are called at once, in the loop's own thread: they must only wake somebody."""

    def __init__(self, book: Book, roster: Roster) -> None:
        self._book, self._roster = book, roster
        self._listeners: list[Callable[[], None]] = []

    @property
    def book(self) -> Book:
        return self._book

    @property
    def roster(self) -> Roster:
        return self._roster

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def set(self, book: Book) -> None:
        if book != self._book:
            self._book = book
            self._tell()

    def set_roster(self, roster: Roster) -> None:
        if roster != self._roster:
            self._roster = roster
            self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def first_roster(site: Site) -> Roster:
    """Who works here as long as crm has said nothing. In fixed seating each seat is its own agent, with the seat's number."""
    if not site.free_seating:
        return Roster({seat.seat: Agent(seat.seat, seat.name, leader=seat.kind == "leader") for seat in site.seats})
    return Roster({
        agent.code: Agent(agent.code, agent.name, agent.team or "", dict(agent.skills), agent.languages, agent.estates,
                          agent.spokesperson, agent.leader)
        for agent in site.agents
    })


def first_book(site: Site, now: datetime) -> Book:
    """Nobody is signed in yet; in fixed seating everybody is, always."""
    if site.free_seating:
        return Book()
    return Book({seat.seat: SignedIn(seat.seat, seat.seat, now) for seat in site.seats})
