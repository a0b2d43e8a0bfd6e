"""One letter to one receiver: what is not reached, not followed, not waited for."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hotline.receiver import Inbox, receiving

from crm.webhooks.addresses import Address, Allowed
from crm.webhooks.post import Letter, Post, _Judged
from crm.webhooks.rules import Reply

HERE = Allowed((ip_network("127.0.0.0/8"),))
PATIENCE_S = 60.0


def letter(url: str) -> Letter:
    return Letter(url, {"Content-Type": "application/json"}, b"{}")


@contextmanager
def answering(serve: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A receiver that does with each connection what a test wants; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                try:
                    with tls.wrap_socket(connection, server_side=True) if tls else connection as served:
                        serve(served)
                except OSError:
                    pass

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def read_whole(connection: socket.socket) -> None:
    """The request with its body, `{}`: who closes with something unread resets the connection, and the answer may be lost."""
    read = b""
    while not read.endswith(b"\r\n\r\n{}"):
        more = connection.recv(1000)
        if not more:
            return
        read += more


def test_a_letter_arrives_as_it_was_given() -> None:
    with receiving(Inbox()) as inbox:
        assert Post(HERE)(letter(f"{inbox.url}?tenant=3")) == Reply(204)
        [(headers, body)] = inbox.letters
        assert (body, headers["Content-Type"], headers["Content-Length"]) == (b"{}", "application/json", "2")


def test_a_redirect_is_not_followed() -> None:
    with receiving(Inbox()) as inside, receiving(Inbox(answers=[307], headers={"Location": inside.url})) as outside:
        assert Post(HERE)(letter(outside.url)) == Reply(307)
        assert inside.letters == []


def test_nothing_inside_is_reached_by_address_or_by_a_name_that_means_it() -> None:
    def resolve(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    with receiving(Inbox()) as inbox:
        port = inbox.url.rpartition(":")[2]
        for url in (inbox.url, f"https://rebound.example:{port}", "https://169.254.169.254/"):
            assert Post(Allowed(), resolve=resolve)(letter(url)) == Reply(error="address_refused")
        for host in ("localhost", "2130706433", "0x7f.1", "127.1"):      # all of them mean this machine
            assert Post(Allowed())(letter(f"https://{host}:{port}/")) == Reply(error="address_refused")
        assert inbox.letters == []


def test_a_name_is_asked_for_once_so_that_it_cannot_mean_something_else_when_it_is_connected_to() -> None:
    asked = []

    def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else "127.0.0.9")]

    with receiving(Inbox()) as inbox:
        port = inbox.url.rpartition(":")[2]
        assert Post(HERE, resolve=resolve)(letter(f"http://hooks.example:{port}")) == Reply(204)
        assert asked == ["hooks.example"]
        assert inbox.letters[0][0]["Host"] == f"hooks.example:{port.partition('/')[0]}"


def test_http_leaves_this_machine_for_nobody() -> None:
    anywhere = Allowed((ip_network("0.0.0.0/0"),))
    assert Post(anywhere)(letter("http://192.0.2.1/")) == Reply(error="address_refused")


def test_a_receiver_that_is_not_there_and_a_name_that_means_nothing_are_told_apart() -> None:
    def unknown(host: str, port: int) -> list[Address]:
        raise socket.gaierror

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert Post(HERE)(letter(f"http://127.0.0.1:{port}/")) == Reply(error="no_connection")
    assert Post(HERE, resolve=unknown)(letter("https://nowhere.example/")) == Reply(error="no_such_host")


def test_a_receiver_that_sends_a_letter_a_second_is_cut_off_at_the_deadline() -> None:
    def drip(connection: socket.socket) -> None:
        read_whole(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    def silent(connection: socket.socket) -> None:
        while connection.recv(1000):
            pass

    for way in (drip, silent):
        with answering(way) as port:
            began = time.monotonic()
            assert Post(HERE, deadline_s=0.4)(letter(f"http://127.0.0.1:{port}/")) == Reply(error="timeout")
            assert time.monotonic() - began < 4


def test_no_other_address_is_tried_when_the_deadline_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a receiver of many dead addresses holds a thread for ever: what is connected to later, nobody cuts."""
    over, tried = threading.Event(), list[str]()
    cut = _Judged.cut

    def cut_now(connection: _Judged) -> None:
        cut(connection)
        over.set()

    def dead(address: tuple[str, int], *_: object) -> socket.socket:
        tried.append(address[0])
        assert over.wait(PATIENCE_S)
        raise ConnectionRefusedError

    monkeypatch.setattr(_Judged, "cut", cut_now)
    monkeypatch.setattr(socket, "create_connection", dead)
    addresses: list[Address] = [ip_address(f"127.0.0.{last}") for last in (1, 2, 3)]
    sent = Post(HERE, resolve=lambda host, port: addresses, deadline_s=0.01)(letter("http://hooks.example/"))
    assert (sent, tried) == (Reply(error="timeout"), ["127.0.0.1"])


@pytest.mark.parametrize("answer", [b"hello\r\n\r\n", b"HTTP/1.1 2OO OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, b""])
def test_what_is_no_answer_is_none(answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        read_whole(connection)
        connection.sendall(answer)

    with answering(serve) as port:
        reply = Post(HERE)(letter(f"http://127.0.0.1:{port}/"))
    assert reply.error in ("bad_answer", "no_connection")
    assert not reply.is_received


def test_an_answer_without_end_is_not_read() -> None:
    def endless(connection: socket.socket) -> None:
        read_whole(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    with answering(endless) as port:
        assert Post(HERE)(letter(f"http://127.0.0.1:{port}/")) == Reply(200)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate, key) of hooks.example, signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks.example",
                    "-addext", "subjectAltName=DNS:hooks.example", "-out", str(made[0]), "-keyout", str(made[1])],
                   check=True, capture_output=True)
    return made


def test_tls_is_checked_for_the_name_though_the_address_is_connected_to(certificate: tuple[Path, Path]) -> None:
    def resolve(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    def serve(connection: socket.socket) -> None:
        read_whole(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with answering(serve, server) as port:
        assert Post(HERE, trusting, resolve)(letter(f"https://hooks.example:{port}/")) == Reply(204)
        assert Post(HERE, trusting, resolve)(letter(f"https://other.example:{port}/")) == Reply(error="tls")
        assert Post(HERE, resolve=resolve)(letter(f"https://hooks.example:{port}/")) == Reply(error="tls")
