"""The holder of the declared floor: told once a change, never for what stays the same."""

from __future__ import annotations

from datetime import UTC, datetime

from acd.desired.book import Book, SignedIn
from acd.desired.state import Desired
from callcenter.roster import Agent, Roster

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_a_change_of_book_or_roster_wakes_every_listener_and_the_same_again_wakes_nobody() -> None:
    desired, woken = Desired(Book(), Roster()), []
    desired.on_change(lambda: woken.append("one"))
    desired.on_change(lambda: woken.append("other"))
    signed_in = Book({"801": SignedIn("801", "1001", NOW)})
    desired.set(signed_in)
    desired.set(Book({"801": SignedIn("801", "1001", NOW)}))
    assert (desired.book, woken) == (signed_in, ["one", "other"])
    desired.set_roster(Roster({"801": Agent("801", "陈静")}))
    desired.set_roster(Roster({"801": Agent("801", "陈静")}))
    assert woken == ["one", "other", "one", "other"]
