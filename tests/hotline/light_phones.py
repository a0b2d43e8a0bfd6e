"""Callers and seats that speak SIP and send no sound: hundreds of calls cost a test next to nothing, and Asterisk has real
PJSIP channels at both ends."""

from __future__ import annotations

import asyncio
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Self

from callcenter.phones import PATIENCE_S

REGISTER_AGAIN_S = 200.0
_HEADER = re.compile(rb"^([A-Za-z-]+): *(.*?)\r$", re.MULTILINE)
_CHALLENGE = re.compile(r'(\w+)="?([^",]+)"?')
_NUMBER = re.compile(r"sip:(\d+)@")
_CALLS = count(1)



@dataclass(frozen=True)
class Ring:
    number: str                       # the caller's
    seat: str
    pick_up: Callable[[], None]       # nothing happens where it is over
    goes_on: Callable[[], bool]


class _Wire(ABC, asyncio.DatagramProtocol):
    """One socket to Asterisk. What comes is `_came`'s; an answer to a request copies what SIP wants copied (RFC 3261, 8.2.6)."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> None:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0), remote_addr=("127.0.0.1", self.port))
        self.own: int = self._transport.get_extra_info("sockname")[1]

    def close(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._came(data, _headers(data))

    @abstractmethod
    def _came(self, data: bytes, headers: dict[str, str]) -> None:
        """A request or an answer."""

    def _send(self, first: str, lines: list[str], body: str = "") -> None:
        kind = ["Content-Type: application/sdp"] if body else []
        text = "\r\n".join([first, *lines, *kind, f"Content-Length: {len(body)}", "", body])
        self._transport.sendto(text.encode())

    def _reply(self, asked: dict[str, str], status: str, user: str, *, sdp: bool = False) -> None:
        to = asked["to"] if "tag=" in asked["to"] else f"{asked['to']};tag=own{self.own}"
        lines = [f"Via: {asked['via']}", f"From: {asked['from']}", f"To: {to}", f"Call-ID: {asked['call-id']}",
                 f"CSeq: {asked['cseq']}", f"Contact: <sip:{user}@127.0.0.1:{self.own}>"]
        self._send(f"SIP/2.0 {status}", lines, _SDP if sdp else "")


class LightCallers(_Wire):
    """`dial` calls from the trunk; `hang_up` by number. `gone` is told the number of whom the hotline has hung up on."""

    def __init__(self, port: int, gone: Callable[[str], None]) -> None:
        super().__init__(port)
        self._gone = gone
        self._lines: dict[str, tuple[str, str]] = {}     # number → Call-ID, what is dialled
        self._to: dict[str, str] = {}                    # Call-ID → To, once answered
        self._numbers: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        for number in list(self._lines):
            self.hang_up(number)
        self.close()

    def dial(self, number: str, dialled: str) -> None:
        call_id = f"light{next(_CALLS)}-{self.own}"
        self._lines[number], self._numbers[call_id] = (call_id, dialled), number
        self._request("INVITE", 1, call_id, dialled, number, body=_SDP)

    def hang_up(self, number: str) -> None:
        """Nothing where the hotline was quicker."""
        call_id, dialled = self._lines.pop(number, ("", ""))
        if call_id:
            method, place = ("BYE", 2) if call_id in self._to else ("CANCEL", 1)
            self._request(method, place, call_id, dialled, number)

    def _request(self, method: str, number: int, call_id: str, dialled: str, user: str, body: str = "") -> None:
        uri = f"sip:{dialled}@127.0.0.1:{self.port}"
        branch = f"z9hG4bK{call_id}{'INVITE' if method == 'CANCEL' else method}"
        self._send(f"{method} {uri} SIP/2.0", [
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.own};branch={branch}", "Max-Forwards: 70", f"Call-ID: {call_id}",
            f"From: <sip:{user}@127.0.0.1:{self.own}>;tag={call_id}", f"To: {self._to.get(call_id, f'<{uri}>')}",
            f"CSeq: {number} {method}", f"Contact: <sip:{user}@127.0.0.1:{self.own}>"], body)

    def _came(self, data: bytes, headers: dict[str, str]) -> None:
        call_id = headers["call-id"]
        number = self._numbers.get(call_id, "")
        if data.startswith(b"SIP/2.0 "):
            if data[8:11] >= b"200" and headers["cseq"].endswith("INVITE"):
                self._to[call_id] = headers["to"]
                dialled = self._lines.get(number, ("", "8000"))[1]
                self._request("ACK", int(headers["cseq"].split()[0]), call_id, dialled, number)
            return
        method = data.split(b" ", 1)[0]
        if method != b"ACK":
            self._reply(headers, "200 OK", number, sdp=method == b"INVITE")
        if method == b"BYE" and number in self._lines:
            del self._lines[number]
            self._gone(number)


class LightSeat(_Wire):
    """`async with LightSeat(port, "1001", password, rung):` registers; `rung` is told of each ring, and picks it up or not."""

    def __init__(self, port: int, seat: str, password: str, rung: Callable[[Ring], None]) -> None:
        super().__init__(port)
        self.seat, self._password, self._rung = seat, password, rung
        self._answers: asyncio.Queue[tuple[int, dict[str, str]]] = asyncio.Queue()
        self._ringing: set[str] = set()
        self._invites: dict[str, dict[str, str]] = {}
        self._registers = count(1)

    async def __aenter__(self) -> Self:
        await self.open()
        await self._register()
        self._staying = asyncio.create_task(self._stays())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._staying.cancel()
        self.close()

    async def _stays(self) -> None:
        while True:
            await asyncio.sleep(REGISTER_AGAIN_S)
            await self._register()

    def _came(self, data: bytes, headers: dict[str, str]) -> None:
        if data.startswith(b"SIP/2.0 "):
            if headers["cseq"].endswith("REGISTER"):
                self._answers.put_nowait((int(data[8:11]), headers))
            return
        call_id = headers["call-id"]
        match data.split(b" ", 1)[0]:
            case b"INVITE" if "tag=" in headers["to"]:
                self._reply(headers, "200 OK", self.seat, sdp=True)
            case b"INVITE":
                if call_id not in self._invites:         # the first, not what was sent again
                    self._rings(call_id, headers)
            case b"CANCEL":
                self._reply(headers, "200 OK", self.seat)
                self._ringing.discard(call_id)
                if invite := self._invites.get(call_id):
                    self._reply(invite, "487 Request Terminated", self.seat)
            case b"ACK":
                pass
            case _:
                self._reply(headers, "200 OK", self.seat)

    def _rings(self, call_id: str, headers: dict[str, str]) -> None:
        self._invites[call_id] = headers
        self._reply(headers, "180 Ringing", self.seat)
        found = _NUMBER.search(headers["from"])
        self._ringing.add(call_id)
        self._rung(Ring(found[1] if found else "", self.seat, lambda: self._picks_up(call_id, headers),
                        lambda: call_id in self._ringing))

    def _picks_up(self, call_id: str, headers: dict[str, str]) -> None:
        if call_id in self._ringing:
            self._ringing.discard(call_id)
            self._reply(headers, "200 OK", self.seat, sdp=True)

    async def _register(self) -> None:
        self._sends_register("")
        challenge = dict(_CHALLENGE.findall((await self._answered(401))["www-authenticate"]))
        self._sends_register(self._proof(challenge))
        await self._answered(200)

    def _sends_register(self, proof: str) -> None:
        uri, number = f"sip:127.0.0.1:{self.port}", next(self._registers)
        me = f"<sip:{self.seat}@127.0.0.1:{self.port}>"
        self._send(f"REGISTER {uri} SIP/2.0", [
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.own};branch=z9hG4bKreg{self.own}x{number}", "Max-Forwards: 70",
            f"From: {me};tag=seat{self.own}", f"To: {me}", f"Call-ID: reg-{self.own}", f"CSeq: {number} REGISTER",
            f"Contact: <sip:{self.seat}@127.0.0.1:{self.own}>", "Expires: 600", *([proof] if proof else [])])

    def _proof(self, challenge: dict[str, str]) -> str:
        uri, realm, nonce = f"sip:127.0.0.1:{self.port}", challenge["realm"], challenge["nonce"]
        who, what = _md5(f"{self.seat}:{realm}:{self._password}"), _md5(f"REGISTER:{uri}")
        answer = _md5(f"{who}:{nonce}:00000001:light:auth:{what}")
        opaque = f', opaque="{challenge["opaque"]}"' if "opaque" in challenge else ""
        return (f'Authorization: Digest username="{self.seat}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
                f'response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="light"{opaque}')

    async def _answered(self, status: int) -> dict[str, str]:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found, headers = await self._answers.get()
                if found == status:
                    return headers


_SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 65530 RTP/AVP 8 101\r\n"
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n")


def _headers(message: bytes) -> dict[str, str]:
    head = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    return {name.decode().lower(): value.decode(errors="replace") for name, value in reversed(_HEADER.findall(head))}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
