"""The `sign-in` script says yes, no, or nothing when nobody can know; the PIN never shows."""

from __future__ import annotations

import pytest

from agi.channel import Channel, Environment
from agi.sign_in import SignIn
from callcenter.errors import Unavailable


class Asterisk:
    """Answers the one question for the PIN."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.left = False

    def send(self, command: bytes) -> None:
        self.sent.append(command)

    def read_line(self) -> bytes:
        return b"200 result=1 (4711)"

    def leave(self) -> None:
        self.left = True


def knows(code: str, pin: str) -> bool:
    return (code, pin) == ("801", "4711")


def away(_code: str, _pin: str) -> bool:
    raise Unavailable("database")


@pytest.mark.parametrize(("code", "answer"), [("801", b"yes"), ("802", b"no")])
def test_the_pin_that_was_dialled_is_checked_for_the_agent_that_was_named(code: str, answer: bytes) -> None:
    asterisk = Asterisk()
    SignIn(knows)(Channel(asterisk, Environment(f"agi_arg_1: {code}".encode())))
    assert asterisk.sent == [b'GET VARIABLE "PIN"\n', b'SET VARIABLE "SIGN_IN" "%s"\n' % answer]
    assert asterisk.left


def test_without_a_database_nothing_is_said() -> None:
    asterisk = Asterisk()
    SignIn(away)(Channel(asterisk, Environment(b"agi_arg_1: 801")))
    assert len(asterisk.sent) == 1
    assert not asterisk.left


def test_the_pin_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    SignIn(knows)(Channel(Asterisk(), Environment(b"agi_arg_1: 801")))
    said = capsys.readouterr()
    assert "801" in said.out + said.err
    assert "4711" not in said.out + said.err
