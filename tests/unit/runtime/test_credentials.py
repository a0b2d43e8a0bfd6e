"""Secrets: made once, never changed by a later start."""

from __future__ import annotations

from callcenter.runtime.credentials import missing, names_for


def test_a_later_start_keeps_every_secret_and_adds_those_of_new_seats() -> None:
    first = missing(names_for(["1001"], ["admin"]), {})
    second = missing(names_for(["1001", "1002"], ["admin"]), first)
    assert {name: second[name] for name in first} == first
    assert set(second) - set(first) == {"seat-1002"}


def test_a_password_that_an_administrator_wrote_stays() -> None:
    assert missing(["ami"], {"trunk": "the carrier's"})["trunk"] == "the carrier's"


def test_no_two_secrets_are_alike_and_none_is_short() -> None:
    made = missing(names_for([str(seat) for seat in range(1000, 1050)], ["admin", "agent"]), {})
    assert len(set(made.values())) == len(made) == 54
    assert min(len(secret) for secret in made.values()) >= 14
