"""A FastAGI server that no peer can hold up: a fixed pool of threads, each waiting in accept on one listening socket.

Every system call on a session ends by the kernel's own time-out, none is begun after the session's budget, and
what a peer may send is limited, so a peer that is silent, slow, half-closed or endless costs one thread for at most
`2 * budget`, and a silent one none at all: the kernel gives a connection to accept only once it has spoken.
"""

from __future__ import annotations

import errno
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

from agi.channel import Channel, Environment
from callcenter.errors import SixringError

log = structlog.get_logger()

BACKLOG: Final = 4096  # a frozen process still lets Asterisk connect, so that its limit of 300 ms counts, not 2 s
CHUNK: Final = 4_096
END: Final = b"\n\n"
LEADERS: Final = 1           # measured with bench/agi.py: 2 cost a third more CPU a session, in fights for the interpreter
PUT_OFF: Final = 8           # answers a busy thread leaves lying, so that they are there when it looks
MOST_LEFT: Final = 32        # and how many at most; Asterisk has long gone on, only a socket each is kept

Handler = Callable[[Channel], None]


class SessionFault(SixringError):
    """The peer did not behave; `code` says how.

    SessionFault
    ├── PeerTooSlow      nothing, or not enough, within the session's budget
    ├── PeerGone         closed or reset before it had what it asked for
    └── PeerRubbish      too long, too many lines, or a script that is not served
    """

    code = "agi_session"


class PeerTooSlow(SessionFault):
    code = "agi_peer_slow"


class PeerGone(SessionFault):
    code = "agi_peer_gone"


class PeerRubbish(SessionFault):
    code = "agi_peer_rubbish"


@dataclass(frozen=True)
class Limits:
    """What one session may cost."""

    budget_s: float = 0.75       # no system call begins later than this, and none lasts longer: 1.5 s in all
    environment_bytes: int = 32_768
    lines: int = 200
    line_bytes: int = 8_192      # as Asterisk's own


class Peer:
    """One connection from Asterisk, or from something that is not Asterisk."""

    __slots__ = ("_before_waiting", "_connection", "_deadline", "_limits", "_rest")

    def __init__(self, connection: socket.socket, limits: Limits, before_waiting: Callable[[], None]) -> None:
        self._connection = connection
        self._limits = limits
        self._deadline = monotonic() + limits.budget_s
        self._rest = b""
        self._before_waiting = before_waiting

    def read_environment(self) -> Environment:
        try:
            data = self._connection.recv(CHUNK, socket.MSG_DONTWAIT) or self._receive()
        except OSError:  # not there yet, or reset: the waiting read tells
            data = self._receive_at_last()
        end = data.find(END)
        if end < 0:
            data, end = self._gather(data)
        self._rest = data[end + 2:]
        if len(data) > self._limits.line_bytes:
            self._check(data[:end])
        return Environment(data[:end])

    def read_line(self) -> bytes:
        data = self._rest
        while (end := data.find(b"\n")) < 0:
            if len(data) > self._limits.line_bytes:
                raise PeerRubbish("line")
            data += self._receive_at_last()
        self._rest = data[end + 1:]
        return data[:end]

    def send(self, command: bytes) -> None:
        try:
            self._connection.sendall(command)
        except BlockingIOError as error:
            raise PeerTooSlow from error
        except OSError as error:
            raise PeerGone from error

    def leave(self) -> None:
        try:
            self._connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise PeerGone from error
        self._before_waiting = _nothing  # whoever reads the answer has no lead to hand on for it

    def has_spoken(self) -> bool:
        """Whether `read_line` need not wait: there is a line, an end, or no time left."""
        try:
            data = self._connection.recv(CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return monotonic() > self._deadline
        except OSError:
            return True
        self._rest += data
        return not data or b"\n" in self._rest.removeprefix(b"HANGUP\n")

    def give_up(self) -> None:
        """What has not come by now is not waited for."""
        self._deadline = 0.0

    def _gather(self, data: bytes) -> tuple[bytes, int]:
        """The slow way: Asterisk writes line by line, so the environment may come in pieces."""
        buffer = bytearray(data)
        while True:
            seen = max(len(buffer) - 1, 0)
            buffer += self._receive_at_last()
            end = buffer.find(END, seen)
            if len(buffer) > self._limits.environment_bytes or buffer.count(b"\n") > self._limits.lines:
                raise PeerRubbish("environment")
            if end >= 0:
                return bytes(buffer), end

    def _check(self, block: bytes) -> None:
        lines = block.split(b"\n")
        if len(lines) > self._limits.lines or max(map(len, lines)) > self._limits.line_bytes:
            raise PeerRubbish("environment")

    def _receive_at_last(self) -> bytes:
        """For what is not there yet: somebody else leads while this thread waits."""
        self._before_waiting()
        return self._receive()

    def _receive(self) -> bytes:
        if monotonic() > self._deadline:
            raise PeerTooSlow
        try:
            data = self._connection.recv(CHUNK)
        except BlockingIOError as error:  # SO_RCVTIMEO has run out
            raise PeerTooSlow from error
        except OSError as error:
            raise PeerGone from error
        if not data:
            raise PeerGone
        return data


def _nothing() -> None:
    return None


def listen(host: str, port: int, limits: Limits) -> socket.socket:
    """A listening socket whose connections inherit their options. Raises OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, option, timeval(limits.budget_s))
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def timeval(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack("ll", whole, int((seconds - whole) * 1_000_000))


@dataclass(frozen=True, slots=True)
class _Left:
    """A session whose last command is sent: only its answer is still to be looked at."""

    connection: socket.socket
    peer: Peer
    channel: Channel


class _Leads:
    """One thread's lead during one session."""

    __slots__ = ("_lead", "still")

    def __init__(self, lead: threading.Semaphore) -> None:
        self._lead = lead
        self.still = True

    def hand_on(self) -> None:
        if self.still:
            self.still = False
            self._lead.release()


class Server:
    """Answers sessions with the handler of their script until `stop`.

    LEADERS threads of the pool take sessions, one after the other, as long as nothing makes them wait; one that must
    wait for its peer first hands its lead to a thread that rests. So there are many threads where many peers are slow, and
    few that fight for the interpreter where all are quick (with 16 in accept at once, a session cost 7 changes of thread).
    """

    def __init__(self, listener: socket.socket, scripts: dict[str, Handler], *, threads: int, limits: Limits,
                 leaders: int = LEADERS) -> None:
        self._listener = listener
        self._scripts = scripts
        self._limits = limits
        self._lead = threading.Semaphore(leaders)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"agi-{n}", daemon=True) for n in range(threads)]
        self._faults: Counter[str] = Counter()
        self._counting = threading.Lock()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def faults(self) -> Counter[str]:
        """Sessions that went wrong since the start, by code."""
        with self._counting:
            return self._faults.copy()

    def stop(self) -> None:
        """Takes no new session and waits for those under way, which their deadline ends. Harmless when repeated."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._lead.release(len(self._threads))
        try:
            self._listener.shutdown(socket.SHUT_RD)  # wakes every accept
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
        give_up = monotonic() + 2 * self._limits.budget_s + 0.5
        for thread in self._threads:
            thread.join(max(give_up - monotonic(), 0))
        self._listener.close()

    def _work(self) -> None:
        left: deque[_Left] = deque()
        while not self._stopping.is_set():
            self._lead.acquire()
            leading = True
            while leading and not self._stopping.is_set():
                leading = self._next_session(left)
            self._collect(left, wait=True)

    def _next_session(self, left: deque[_Left]) -> bool:
        """Whether the thread still leads."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:  # nobody has called for a while
            self._collect(left)
            return True
        except OSError as error:
            if not self._stopping.is_set():
                self._count("agi_accept")
                log.error("accept_failed", error=errno.errorcode.get(error.errno or 0, "?"))
                self._stopping.wait(0.1)  # out of file descriptors: do not spin
            return True
        leads = _Leads(self._lead)
        peer = Peer(connection, self._limits, leads.hand_on)
        if not self._serve(connection, peer, left):
            connection.close()
        if len(left) > PUT_OFF:
            if len(left) > MOST_LEFT:
                left.popleft().connection.close()  # nobody's fault: there is more to do than to look at answers
            self._collect(left, keep=PUT_OFF)
        return leads.still

    def _serve(self, connection: socket.socket, peer: Peer, left: deque[_Left]) -> bool:
        """Whether the session is in `left`, to be closed after its answer."""
        try:
            environment = peer.read_environment()
            handler = self._scripts.get(environment.get("agi_network_script"))
            if handler is None:
                raise PeerRubbish("script")
            channel = Channel(peer, environment)
            handler(channel)
        except SixringError as fault:
            self._count(fault.code)
        except Exception:  # a handler's fault ends its session, never its thread
            self._count("agi_handler")
            log.exception("handler_failed")
        else:
            if channel.has_left:
                left.append(_Left(connection, peer, channel))
                return True
        return False

    def _collect(self, left: deque[_Left], *, keep: int = 0, wait: bool = False) -> None:
        while len(left) > keep and (wait or left[0].peer.has_spoken()):
            session = left.popleft()
            if not wait:
                session.peer.give_up()
            self._take_answer(session)

    def _take_answer(self, session: _Left) -> None:
        with session.connection:
            try:
                session.channel.check_answer()
            except SixringError as fault:
                self._count(fault.code)
            except Exception:  # nor does an answer's
                self._count("agi_handler")
                log.exception("answer_failed")

    def _count(self, code: str) -> None:
        with self._counting:
            self._faults[code] += 1
