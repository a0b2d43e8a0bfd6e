"""What a ringing phone shows of a caller, and that nothing in it can mean anything to Asterisk."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.channel import Channel, Environment
from agi.lookup import UNKNOWN, Lookup, caller_value, display_text
from callcenter.errors import Unavailable
from crm.callers.schemas import History
from crm.households.schemas import Found

NASTY = st.text(max_size=200) | st.sampled_from([
    "张\n三", 'a"b', "𠮷野", "😀", "王" * 10_000, "${SHELL(reboot)}", "a|b|c", "\x00\x1b[2J", "a;b", "\u202eabc", "a_b", "ﷺ" * 50,
    "\ud800"])


def found(name: str = "王小明", room: str = "3-1-502", tags: tuple[str, ...] = (), language: str = "zh") -> Found:
    return Found(household_id=7, person_id=9, name=name, role="owner", estate="翠湖", room=room, tags=tags, language=language)


@given(NASTY, NASTY, st.lists(NASTY, max_size=3))
def test_whatever_the_household_is_called_only_letters_digits_space_dot_and_hyphen_are_shown(
        name: str, room: str, tags: list[str]) -> None:
    value = caller_value(found(name, room, tuple(tags)), History(), {})
    household, language, _, display = value.split("|")[:4]
    assert (household, language) == ("7", "zh")
    assert len(display) <= 40
    assert all(char.isalnum() or char in " .-" for char in display)
    assert all(ord(char) <= 0xFFFF for char in display)
    assert display == display.strip()


@given(NASTY)
def test_nothing_of_a_name_reaches_the_command_but_what_is_shown(name: str) -> None:
    sent = commands_for(found(name))
    assert len(sent) == 1
    assert re.fullmatch(rb'SET VARIABLE "SIXRING_CALLER" "[^"\\\r\n\0$;{}]*"\n', sent[0])


@pytest.mark.rule("A7")
def test_a_known_caller_is_shown_with_name_room_and_tags() -> None:
    assert caller_value(found(tags=("VIP", "老人")), History(), {}) == "7|zh|30|王小明 3-1-502 VIP 老人||||frail+vip"


def test_estate_last_agent_treatment_and_the_reasons_for_the_points_follow_the_display() -> None:
    history = History(treatment="warn", again=True, agent="901")
    assert caller_value(found(), history, {"翠湖": "cuihu"}) == "7|zh|5|王小明 3-1-502|cuihu|901|warn|again"
    assert caller_value(None, history, {}) == "||5|||901|warn|again"


@pytest.mark.rule("D1", part="treated by rule")
def test_without_a_database_a_blocked_number_is_blocked_all_the_same() -> None:
    sent = commands_of(Lookup(Away(), Past(History(treatment="block")), {}))
    assert sent == [b'SET VARIABLE "SIXRING_CALLER" "||0||||block"\n']


def test_full_width_digits_are_shown_as_plain_ones() -> None:
    assert display_text("王小明", "３－１－５０２") == "王小明 3-1-502"


def test_a_language_that_is_not_spoken_here_is_left_open() -> None:
    assert caller_value(found(language="fr"), History(), {}).split("|")[1] == ""


def test_nobody_known_is_four_empty_places() -> None:
    assert caller_value(None, History(), {}) == UNKNOWN == "||0|"


def test_a_database_that_is_away_makes_the_caller_unknown() -> None:
    assert commands_of(Lookup(Away(), Past(), {})) == [b'SET VARIABLE "SIXRING_CALLER" "||0|"\n']


def commands_for(caller: Found | None) -> list[bytes]:
    return commands_of(Lookup(Known(caller), Past(), {}))


def commands_of(lookup: Lookup) -> list[bytes]:
    link = SentOnly()
    lookup(Channel(link, Environment(b"agi_callerid: 13800138000")))
    return link.sent


class Known:
    def __init__(self, caller: Found | None) -> None:
        self._caller = caller

    def find(self, number: str) -> Found | None:
        return self._caller


class Away:
    def find(self, number: str) -> Found | None:
        raise Unavailable("database")


class Past:
    def __init__(self, history: History | None = None) -> None:
        self._history = history or History()

    def history(self, number: str, call_id: str) -> History:
        return self._history


class SentOnly:
    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, command: bytes) -> None:
        self.sent.append(command)

    def read_line(self) -> bytes:
        return b"200 result=1"

    def leave(self) -> None:
        return None
