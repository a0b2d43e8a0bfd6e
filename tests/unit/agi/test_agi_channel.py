"""What leaves for Asterisk is one line each time, and what comes back never hangs or surprises."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.channel import MAX_VALUE_BYTES, Channel, CommandRefused, Environment


class RecordingLink:
    """Asterisk as a list of answers."""

    def __init__(self, *answers: bytes) -> None:
        self.sent: list[bytes] = []
        self.left = False
        self._answers = list(answers)

    def send(self, command: bytes) -> None:
        self.sent.append(command)

    def read_line(self) -> bytes:
        return self._answers.pop(0)

    def leave(self) -> None:
        self.left = True


def channel(*answers: bytes) -> tuple[Channel, RecordingLink]:
    link = RecordingLink(*answers)
    return Channel(link, Environment(b"")), link


@given(st.text() | st.sampled_from(["a\nHANGUP", "\r\n", "\0", '" "', "\\", "\\\"", "${SHELL(rm)}", "\u2028", "x" * 10_000]))
def test_a_value_cannot_end_its_quotes_its_line_or_asterisks_buffer(value: str) -> None:
    sixring, link = channel(b"200 result=1")
    sixring.set_variable("NAME", value)
    [command] = link.sent
    assert command.startswith(b'SET VARIABLE "NAME" "')
    assert command.endswith(b'"\n')
    inside = command.removeprefix(b'SET VARIABLE "NAME" "').removesuffix(b'"\n')
    assert not set(inside) & set(b'\n\r\0"\\')
    assert len(inside) <= MAX_VALUE_BYTES
    inside.decode("utf-8")


@pytest.mark.parametrize("name", ["", "A B", "A\nHANGUP", 'A"', "1A", "${A}", "A" * 80])
def test_only_a_plain_name_is_a_variables_name(name: str) -> None:
    sixring, link = channel()
    with pytest.raises(ValueError, match="variable"):
        sixring.set_variable(name, "x")
    assert link.sent == []


def test_the_last_command_is_sent_before_the_line_is_closed_and_its_answer_is_read_later() -> None:
    sixring, link = channel(b"200 result=1")
    sixring.leave_with("NAME", "x")
    assert link.left
    assert sixring.has_left
    assert link.sent == [b'SET VARIABLE "NAME" "x"\n']
    sixring.check_answer()


def test_a_variable_is_read_whole_also_with_brackets_in_it() -> None:
    sixring, _ = channel(b"200 result=1 (a (b) c)")
    assert sixring.get_variable("NAME") == "a (b) c"


def test_a_variable_that_is_not_set_is_empty() -> None:
    sixring, _ = channel(b"200 result=0")
    assert sixring.get_variable("NAME") == ""


def test_a_hangup_in_the_middle_does_not_pass_for_the_answer() -> None:
    sixring, _ = channel(b"HANGUP", b"200 result=1")
    sixring.set_variable("NAME", "x")


@pytest.mark.parametrize(("answers", "code"), [
    ((b"510 Invalid or unknown command",), 510),
    ((b"511 Command Not Permitted on a dead channel",), 511),
    ((b"520-Invalid command syntax.", b"Usage: SET VARIABLE", b"520 End of proper usage."), 520),
    ((b"200 result=-1",), -1),
    ((b"",), 0),
    ((b"\xff\xfe rubbish",), 0),
    ((b"200",), 200),
])
def test_an_answer_that_is_no_success_is_a_named_error(answers: tuple[bytes, ...], code: int) -> None:
    sixring, _ = channel(*answers)
    with pytest.raises(CommandRefused) as refused:
        sixring.set_variable("NAME", "x")
    assert refused.value.answer == code


def test_a_usage_text_without_end_is_not_read_for_ever() -> None:
    sixring, _ = channel(b"520-Invalid", *[b"x"] * 1_000)
    with pytest.raises(CommandRefused):
        sixring.set_variable("NAME", "x")


def test_a_channel_can_be_made_off_the_main_thread_and_says_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    made: list[Channel] = []

    def work() -> None:
        link = RecordingLink(b"200 result=1")
        sixring = Channel(link, Environment(b"agi_callerid: 13800138000"))
        sixring.set_variable("NAME", "13800138000")
        made.append(sixring)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert made
    assert capfd.readouterr() == ("", "")


def test_the_environment_gives_a_value_by_name_and_only_from_the_start_of_a_line() -> None:
    environment = Environment("agi_calleridname: agi_callerid: 1\nagi_callerid: 138\nagi_arg_1: 张\nagi_dnid:".encode())
    assert environment.get("agi_callerid") == "138"
    assert environment.get("agi_arg_1") == "张"
    assert environment.get("agi_dnid") == ""
    assert environment.get("agi_nothing") == ""


@given(st.binary())
def test_no_environment_is_a_reason_to_fail(block: bytes) -> None:
    assert isinstance(Environment(block).get("agi_callerid"), str)
