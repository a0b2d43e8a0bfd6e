"""The caller side of bench/agi.py: plays Asterisk to a FastAGI server, `concurrency` sessions at once, on one
epoll loop.

Raw sockets and no parsing, so that it costs little beside any server; each round reports its own CPU time as the proof.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter, process_time

ANSWER = b"200 result=1\n"
SETS = b'SET VARIABLE "SIXRING_CALLER" "'
STALLED_S = 10.0


class Stalled(Exception):
    """The server has let every session of the round hang."""


@dataclass(frozen=True)
class Question:
    number: str
    household_id: int | None     # what the answer must be, None for a number nobody has


@dataclass
class Round:
    sessions: int
    concurrency: int
    seconds: float = 0.0
    client_cpu_s: float = 0.0
    server_cpu_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    wrong: int = 0

    @property
    def rate(self) -> float:
        return self.sessions / self.seconds


def environment(number: str, script: str, call_id: str = "node1-1795363200.17") -> bytes:
    """What Asterisk 22 sends for `AGI(agi://127.0.0.1/<script>,<call id>)`."""
    lines = {
        "network": "yes", "network_script": script, "request": f"agi://127.0.0.1/{script}",
        "channel": "PJSIP/trunk-00000011", "language": "zh", "type": "PJSIP", "uniqueid": call_id, "version": "22.10.1",
        "callerid": number, "calleridname": "unknown", "callingpres": "0", "callingani2": "0", "callington": "0",
        "callingtns": "0", "dnid": "4008001234", "rdnis": "unknown", "context": "from-trunk", "extension": "4008001234",
        "priority": "7", "enhanced": "0.0", "accountcode": "", "threadid": "140213409171136", "arg_1": call_id,
    }
    return "".join(f"agi_{name}: {value}\n" for name, value in lines.items()).encode() + b"\n"


@dataclass(slots=True)
class _Session:
    connection: socket.socket
    question: Question
    began: float
    unsent: bytes = b""
    answered: bytes = b""


def ask_once(address: tuple[str, int]) -> None:
    """One whole session; raises OSError while nobody listens. (A connection closed early would stop panoramisk
    for good.)"""
    with socket.create_connection(address, 2) as connection:
        connection.sendall(environment("13800138000", "lookup"))
        while connection.recv(4096):
            connection.sendall(ANSWER)


def play(address: tuple[str, int], questions: Iterator[Question], sessions: int, concurrency: int, *,
         checks: bool) -> Round:
    """One round; raises Stalled when nothing moves for STALLED_S. `checks`: every answer must be the right
    household."""
    done = Round(sessions, concurrency)
    before, after = environment("@", "lookup").split(b"@")
    poll = select.epoll()
    open_sessions: dict[int, _Session] = {}
    left = sessions

    def begin() -> None:
        question = next(questions)
        began = perf_counter()
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(address)
        session = _Session(connection, question, began)
        try:
            connection.send(before + question.number.encode() + after)
            poll.register(connection, select.EPOLLIN)
        except (BlockingIOError, BrokenPipeError):  # still connecting
            session.unsent = before + question.number.encode() + after
            poll.register(connection, select.EPOLLOUT)
        open_sessions[connection.fileno()] = session

    cpu, start = process_time(), perf_counter()
    while left and len(open_sessions) < concurrency:
        left -= 1
        begin()
    while open_sessions:
        ready = poll.poll(STALLED_S)
        if not ready:
            raise Stalled
        for fd, _ in ready:
            session = open_sessions[fd]
            if session.unsent:
                session.connection.send(session.unsent)
                session.unsent = b""
                poll.modify(fd, select.EPOLLIN)
                continue
            data = session.connection.recv(4096)
            if data:
                session.answered += data
                session.connection.send(ANSWER * data.count(b"\n"))
                continue
            done.latencies_s.append(perf_counter() - session.began)
            session.connection.close()
            del open_sessions[fd]
            if checks and not _right(session):
                done.wrong += 1
            if left:
                left -= 1
                begin()
    done.seconds, done.client_cpu_s = perf_counter() - start, process_time() - cpu
    poll.close()
    return done


def _right(session: _Session) -> bool:
    household = session.question.household_id
    wanted = b"%d|" % household if household else b"||0|\""
    return session.answered.startswith(SETS + wanted)
