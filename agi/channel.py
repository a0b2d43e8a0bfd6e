"""The only door to pyst2: its AGI class, with every fault that would hurt a caller mended.

pyst2 0.5.1 installs a signal handler (impossible off the main thread), writes text where a socket wants bytes, copies
the caller's number to stderr, quotes without escaping (a newline in a name is a second command), loops for
ever or raises
ValueError when Asterisk closes in the middle of an answer. What is left of it here: `execute` and the commands over it.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from asterisk.agi import AGI  # type: ignore[import-untyped]

from callcenter.errors import SixringError

# Asterisk reads a command into 8192 bytes and takes what is over as the next command.
MAX_VALUE_BYTES: Final = 4000
MAX_USAGE_LINES: Final = 50
DEAD_CHANNEL: Final = 511
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\"\\]")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,78}")
_ANSWER: Final = re.compile(r"(\d{3})[ -]?(.*)", re.DOTALL)
_RESULT: Final = re.compile(r"result=(\S*)(?:\s+\((.*)\))?", re.DOTALL)


class CommandRefused(SixringError):
    """Asterisk did not carry out the command: 510 unknown, 511 dead channel, 520 usage, -1 failed, 0 not an answer."""

    code = "agi_refused"

    def __init__(self, answer: int) -> None:
        super().__init__(answer)
        self.answer = answer


class Link(Protocol):
    """Bytes to and from Asterisk, with the session's deadline and limits; raises the server's SessionFault."""

    def send(self, command: bytes) -> None: ...

    def read_line(self) -> bytes:
        """One line without its end."""
        ...

    def leave(self) -> None:
        """Nothing more will be sent; answers may still be read."""
        ...


class Environment:
    """The `agi_…` lines of one session. Nothing is parsed that nobody asks for."""

    __slots__ = ("_block",)

    def __init__(self, block: bytes) -> None:
        self._block = b"\n" + block

    def get(self, name: str) -> str:
        """The value of the first line of that name, "" when there is none."""
        mark = b"\n%s:" % name.encode()
        start = self._block.find(mark)
        if start < 0:
            return ""
        start += len(mark)
        end = self._block.find(b"\n", start)
        value = self._block[start:] if end < 0 else self._block[start:end]
        return value.decode("utf-8", "replace").strip()


class Channel(AGI):  # type: ignore[misc]
    """One caller's channel, for as long as one AGI session."""

    def __init__(self, link: Link, environment: Environment) -> None:
        # Not super().__init__(): it sets a signal handler and prints the caller's number.
        self._link = link
        self._got_sighup = False
        self.environment = environment
        self.has_left = False

    def set_variable(self, name: str, value: str) -> None:
        """Raises CommandRefused or SessionFault. The value loses quotes and controls, and is cut when too long."""
        super().set_variable(_checked(name), value)

    def leave_with(self, name: str, value: str) -> None:
        """Sets a variable as the session's last command, and tells Asterisk in the same breath that nothing follows:
        the caller goes on as soon as it is set, without a second way there and back. `check_answer` reads the
        answer."""
        self.send_command("SET VARIABLE", self._quote(_checked(name)), self._quote(value))
        self._link.leave()
        self.has_left = True

    def check_answer(self) -> None:
        """Raises CommandRefused or SessionFault when the last command was not carried out."""
        self.get_result()

    def get_variable(self, name: str) -> str:
        """"" for a variable that is not set. Raises CommandRefused or SessionFault."""
        return str(super().get_variable(_checked(name)))

    def verbose(self, message: str, level: int = 1) -> None:
        super().verbose(message, level)

    def send_command(self, command: str, *args: object) -> None:
        line = " ".join([command, *map(str, args)])
        if "\n" in line or "\r" in line or "\0" in line:
            raise ValueError("an AGI command is one line")
        self._link.send(line.encode("utf-8", "ignore") + b"\n")

    def get_result(self, stdin: object = None) -> dict[str, tuple[str, str]]:  # noqa: ARG002 - pyst2's
        """The answer as pyst2's callers expect it. Asterisk may say HANGUP first; the answer follows all the same."""
        line = self._line()
        while line == "HANGUP":
            line = self._line()
        answer = _ANSWER.fullmatch(line)
        code = int(answer[1]) if answer else 0
        result = _RESULT.search(answer[2]) if answer and code == 200 else None
        if result is None:
            if line.startswith("520-"):
                self._skip_usage()
            raise CommandRefused(code)
        value, data = result[1], result[2] or ""
        if data == "hangup":
            raise CommandRefused(DEAD_CHANNEL)      # pyst2's own error is none of ours: it would end the thread
        if value == "-1":
            raise CommandRefused(-1)
        return {"result": (value, data)}

    def _line(self) -> str:
        return self._link.read_line().decode("utf-8", "replace").strip()

    def _skip_usage(self) -> None:
        for _ in range(MAX_USAGE_LINES):
            if self._line().startswith("520 "):
                return

    def _quote(self, string: object) -> str:
        return f'"{harmless(str(string))}"'


def harmless(text: str) -> str:
    """Text that cannot end its quotes or its line, at most MAX_VALUE_BYTES of UTF-8."""
    clean = _UNSAFE.sub(" ", text[:MAX_VALUE_BYTES])
    return clean.encode("utf-8", "ignore")[:MAX_VALUE_BYTES].decode("utf-8", "ignore")


def _checked(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("not the name of a dialplan variable")
    return name
