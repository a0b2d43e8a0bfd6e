"""Secrets: made once, never changed by a later start."""

from __future__ import annotations

from callcenter.runtime.credentials import SWITCH_PIN, missing, names_for


def test_a_later_start_keeps_every_secret_and_adds_those_of_new_seats() -> None:
    first = missing(names_for(["1001"], ["admin"], ["801"]), {})
    second = missing(names_for(["1001", "1002"], ["admin"], ["801", "802"]), first)
    assert {name: second[name] for name in first} == first
    assert set(second) - set(first) == {"seat-1002", "pin-802"}


def test_a_password_that_an_administrator_wrote_stays() -> None:
    assert missing(["ami"], {"trunk": "the carrier's"})["trunk"] == "the carrier's"


def test_no_two_secrets_are_alike_and_none_is_short() -> None:
    made = missing(names_for([str(seat) for seat in range(1000, 1050)], ["admin", "agent"], []), {})
    assert len(set(made.values())) == len(made) == 58
    assert min(len(secret) for name, secret in made.items() if name != SWITCH_PIN) >= 14


def test_an_agents_first_pin_and_the_lines_switch_are_six_digits_that_a_phone_can_type() -> None:
    made = missing(names_for([], [], ["801"]), {})
    for pin in (made["pin-801"], made[SWITCH_PIN]):
        assert len(pin) == 6
        assert pin.isdecimal()
