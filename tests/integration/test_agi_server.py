"""Real sockets: a peer that is silent, slow, rude or gone disturbs nobody, and holds a thread for a bounded time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from agi.channel import Channel
from agi.server import PUT_OFF, Limits, Server, listen

LIMITS = Limits(budget_s=1.0)
PATIENT = Limits(budget_s=60.0)      # nobody is too slow for it on a busy machine: who is answered is answered beside the others
BOUND_S = 10.0     # what is not limited never ends
CALL = b"agi_network: yes\nagi_network_script: lookup\nagi_callerid: 13800138000\n\n"


def answer(channel: Channel) -> None:
    channel.leave_with("SIXRING_CALLER", f"{channel.environment.get('agi_callerid')}")


def break_down(_channel: Channel) -> None:
    raise RuntimeError("a handler's fault")


class Running:
    def __init__(self, threads: int = 8, limits: Limits = LIMITS) -> None:
        listener = listen("127.0.0.1", 0, limits)
        self.address = listener.getsockname()
        self.server = Server(listener, {"lookup": answer, "broken": break_down}, threads=threads, limits=limits)
        self.server.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, BOUND_S)

    def call(self) -> float:
        """A whole session as Asterisk has it; how long until the answer, in seconds."""
        began = time.monotonic()
        with self.connect() as caller:
            caller.sendall(CALL)
            answered = read_all(caller)
            took = time.monotonic() - began
            caller.sendall(b"200 result=1\n")
        assert answered == b'SET VARIABLE "SIXRING_CALLER" "13800138000"\n'
        return took


@pytest.fixture
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.server.stop()


def read_all(connection: socket.socket) -> bytes:
    """Until the server's end; raises TimeoutError when it does not end in BOUND_S."""
    connection.settimeout(BOUND_S)
    data = b""
    try:
        while more := connection.recv(4096):
            data += more
    except ConnectionResetError:
        pass  # it closed with something of ours unread: an end, too
    return data


def half_environment(peer: socket.socket) -> None:
    peer.sendall(CALL[:30])


def half_close(peer: socket.socket) -> None:
    peer.sendall(CALL[:30])
    peer.shutdown(socket.SHUT_WR)


def close_at_once(peer: socket.socket) -> None:
    peer.shutdown(socket.SHUT_WR)


def rubbish(peer: socket.socket) -> None:
    peer.sendall(bytes(range(256)) * 4 + b"\n\n")


def empty_environment(peer: socket.socket) -> None:
    peer.sendall(b"\n\n")


def unknown_script(peer: socket.socket) -> None:
    peer.sendall(CALL.replace(b"lookup", b"../../x"))


def broken_handler(peer: socket.socket) -> None:
    peer.sendall(CALL.replace(b"lookup", b"broken"))


def endless_line(peer: socket.socket) -> None:
    try:
        peer.sendall(b"x" * 10_000_000)
    except OSError:
        pass  # cut off in the middle, which is what is wanted


def endless_lines(peer: socket.socket) -> None:
    try:
        peer.sendall(b"agi_x: y\n" * 1_000_000)
    except OSError:
        pass


RUDE = [half_environment, half_close, close_at_once, rubbish, empty_environment, unknown_script, broken_handler, endless_line,
        endless_lines]


@pytest.mark.parametrize("act", RUDE)
def test_a_rude_peer_is_shown_the_door_in_time_and_told_nothing(running: Running, act: Callable[[socket.socket], None]) -> None:
    with running.connect() as peer:
        began = time.monotonic()
        act(peer)
        assert read_all(peer) == b""
        assert time.monotonic() - began < BOUND_S
    running.call()
    assert sum(running.server.faults().values()) == 1


def test_a_peer_that_trickles_a_byte_at_a_time_is_cut_off_in_time(running: Running) -> None:
    with running.connect() as peer:
        peer.settimeout(0.05)
        began = time.monotonic()
        while not _cut_off(peer):
            assert time.monotonic() - began < BOUND_S


def test_others_are_answered_while_rude_peers_hold_on() -> None:
    running = Running(limits=PATIENT)
    with ExitStack() as peers:
        peers.callback(running.server.stop)     # once they have gone: it waits for who is there
        for _ in range(3):
            half_environment(peers.enter_context(running.connect()))
            half_close(peers.enter_context(running.connect()))
        for _ in range(2):
            peers.enter_context(running.connect())  # silent
        for _ in range(5):
            running.call()
        assert running.server.faults()["agi_peer_slow"] == 0, "the rude ones were still there"


def test_a_hundred_silent_peers_cost_no_thread(running: Running) -> None:
    with ExitStack() as peers:
        for _ in range(100):
            peers.enter_context(running.connect())
        assert min(running.call() for _ in range(5)) < LIMITS.budget_s / 2


def test_more_slow_peers_than_threads_delay_others_by_their_deadline_at_most() -> None:
    running = Running(threads=3)
    try:
        with ExitStack() as peers:
            for _ in range(3):
                half_environment(peers.enter_context(running.connect()))
            assert running.call() < BOUND_S
    finally:
        running.server.stop()


def test_an_environment_in_many_pieces_is_read_whole(running: Running) -> None:
    with running.connect() as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(CALL)):
            caller.sendall(CALL[place:place + 1])
        assert read_all(caller) == b'SET VARIABLE "SIXRING_CALLER" "13800138000"\n'
        caller.sendall(b"HANGUP\n")
        caller.sendall(b"200 result=1\n")


def test_a_command_that_asterisk_refuses_is_counted(running: Running) -> None:
    with running.connect() as caller:
        caller.sendall(CALL)
        read_all(caller)
        caller.sendall(b"510 Invalid or unknown command\n")
    running.server.stop()  # looks at every answer before it ends
    assert running.server.faults() == {"agi_refused": 1}


def test_two_hundred_at_once_are_all_answered() -> None:
    """The callers are threads of this process: slow ones, whom a short budget would rightly blame."""
    running = Running(limits=PATIENT)
    failed: list[BaseException] = []

    def call() -> None:
        try:
            running.call()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=call) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    running.server.stop()
    assert not running.server.faults()


def test_stop_ends_a_session_under_way_and_frees_the_port() -> None:
    running = Running()
    with running.connect() as peer:
        half_environment(peer)
        began = time.monotonic()
        running.server.stop()
        assert time.monotonic() - began < BOUND_S
        assert read_all(peer) == b""
    listen("127.0.0.1", running.address[1], LIMITS).close()


def _cut_off(peer: socket.socket) -> bool:
    """Whether one more byte finds nobody there."""
    try:
        peer.sendall(b"x")
        return peer.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_peer_whose_answer_ends_in_hangup_costs_no_thread(running: Running) -> None:
    for _ in range(PUT_OFF + 2):
        with running.connect() as peer:
            peer.sendall(CALL)
            read_all(peer)
            peer.sendall(b"200 result=1 (hangup)\n")
    running.call()
    assert set(running.server.faults()) <= {"agi_refused"}
