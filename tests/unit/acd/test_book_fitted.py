"""Last time's book on the present site, and the keeper that writes it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from acd.desired.book import Book, SeatFault, SignedIn
from acd.desired.bookfile import BookFile, BookKeeper, fitted

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SEATS = frozenset({"1001", "1002"})


def sits(agent: str, seat: str) -> SignedIn:
    return SignedIn(agent, seat, NOW)


def test_without_a_book_the_site_says_who_sits_where() -> None:
    first = Book({"1001": sits("1001", "1001")})
    assert fitted(None, first, SEATS, free_seating=False) is first


def test_in_free_seating_everybody_stays_but_at_seats_that_are_gone() -> None:
    book = Book({"801": sits("801", "1002"), "802": sits("802", "1009")}, closed=frozenset({"repair"}),
                faults={"1002": SeatFault("801", NOW), "1009": SeatFault("802", NOW)})
    assert fitted(book, Book(), SEATS, free_seating=True) == Book(
        {"801": sits("801", "1002")}, closed=frozenset({"repair"}), faults={"1002": SeatFault("801", NOW)})


def test_in_fixed_seating_each_seat_is_its_own_agent_whatever_the_book_says() -> None:
    first = Book({"1001": sits("1001", "1001"), "1002": sits("1002", "1002")})
    away = SignedIn("1001", "1001", NOW, away=True)
    book = Book({"1001": away, "1002": sits("1002", "1001"), "801": sits("801", "1002")})
    assert fitted(book, first, SEATS, free_seating=False).agents == {"1001": away, "1002": sits("1002", "1002")}


class Slow(BookFile):
    """A disk that is full the first time, and remembers what it was given."""

    def __init__(self) -> None:
        super().__init__(Path("unused"))
        self.given: list[Book] = []
        self.full = True

    def write(self, book: Book) -> None:
        self.given.append(book)
        if self.full:
            self.full = False
            raise OSError(28, "full")


def test_changes_that_come_together_are_one_writing_and_a_full_disk_is_tried_again() -> None:
    file = Slow()
    last = Book(closed=frozenset({"repair"}))

    async def scene() -> None:
        keeper = BookKeeper(file)
        keeper.save(Book(tier=1))
        keeper.save(last)
        running = asyncio.create_task(keeper.run())
        await keeper.saved()            # gives up waiting after a second: the disk was full
        await keeper.saved()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(scene())
    assert file.given == [last, last]
