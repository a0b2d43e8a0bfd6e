"""Sends one letter to one receiver: to an address that was judged, without following, within a deadline, reading no more
of the answer than its status."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from crm.webhooks.addresses import Address, Allowed, ip_of
from crm.webhooks.rules import Reply

CONNECT_S: Final = 5.0
DEADLINE_S: Final = 15.0     # of all of it: who sends a letter a second may not hold a thread for ever

Resolve = Callable[[str, int], list[Address]]


@dataclass(frozen=True)
class Letter:
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def resolve(host: str, port: int) -> list[Address]:
    """Raises OSError. The scope of a link-local address is kept: such a one is refused."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(each[4][0])) for each in found]


@dataclass(frozen=True)
class Post:
    allowed: Allowed
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolve
    deadline_s: float = DEADLINE_S

    def __call__(self, letter: Letter) -> Reply:
        parts = urlsplit(letter.url)
        host, tls = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        try:
            literal = ip_of(host)
            addresses = [literal] if literal is not None else self.resolve(host, port)
        except (OSError, UnicodeError):
            return Reply(error="no_such_host")
        if not self.allowed.all_of(addresses) or not (tls or all(address.is_loopback for address in addresses)):
            return Reply(error="address_refused")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = _Judged(host, port, addresses, self.context if tls else None)
        late = threading.Timer(self.deadline_s, connection.cut)
        late.start()
        try:
            connection.request("POST", path, letter.body, dict(letter.headers))
            status = connection.getresponse().status
            return Reply(error="timeout") if connection.was_cut else Reply(status)     # cut, its headers seem to end
        except ssl.SSLError:
            return Reply(error="timeout" if connection.was_cut else "tls")
        except TimeoutError:
            return Reply(error="timeout")
        except (OSError, http.client.HTTPException, ValueError) as error:
            answered = isinstance(error, (http.client.HTTPException, ValueError)) and not isinstance(error, ConnectionError)
            return Reply(error="timeout" if connection.was_cut else "bad_answer" if answered else "no_connection")
        finally:
            late.cancel()
            connection.close()


class _Judged(http.client.HTTPConnection):
    """Connects to the addresses that were judged, whatever the name may mean a moment later."""

    def __init__(self, host: str, port: int, addresses: list[Address], context: ssl.SSLContext | None) -> None:
        self.default_port = 443 if context else 80
        super().__init__(host, port, timeout=CONNECT_S)
        self._addresses = addresses
        self._context = context
        self.was_cut = False

    def connect(self) -> None:
        self.sock = self._reached()
        if self.was_cut:
            raise TimeoutError
        if self._context is not None:
            wrapped = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = wrapped
            wrapped.do_handshake()

    def _reached(self) -> socket.socket:
        """Raises OSError: nobody is there, or the deadline passed before there was a connection to cut."""
        failed: OSError = TimeoutError()
        for address in self._addresses:
            if self.was_cut:
                raise TimeoutError
            try:
                found = socket.create_connection((str(address), self.port), CONNECT_S)
            except OSError as error:
                failed = error
            else:
                return found
        raise failed

    def cut(self) -> None:
        """From another thread: whatever is waited for ends now."""
        self.was_cut = True
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)    # of the connection, below TLS
            except OSError:
                pass     # it has ended by itself
