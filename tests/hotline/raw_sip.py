"""A caller who writes SIP by hand: what no phone would send, and callers for a second instance beside the phones' one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from hashlib import md5
from itertools import count
from types import TracebackType
from typing import Self

from callcenter.phones import PATIENCE_S

_CALLS = count(1)
_STATUS = re.compile(rb"^SIP/2\.0 (\d{3}) ")
_TO = re.compile(rb"^To: *(.+?)\r\n", re.MULTILINE | re.IGNORECASE)
_METHOD = re.compile(rb"^CSeq: *\d+ (\w+)", re.MULTILINE | re.IGNORECASE)
_ASKED = re.compile(rb'(\w+)="([^"]*)"')
_SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 65530 RTP/AVP 8 101\r\n"
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n")


class Messages(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.came.put_nowait(data)


@dataclass
class RawCaller:
    """`async with RawCaller(port, number) as caller:`; whatever is on the line at the end is ended."""

    port: int
    number: str
    name: bytes = b""
    dialled: str = "8000"
    _tag: str = field(default_factory=lambda: f"raw{next(_CALLS)}")
    _to: bytes = b""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, self._messages = await loop.create_datagram_endpoint(
            Messages, local_addr=("127.0.0.1", 0), remote_addr=("127.0.0.1", self.port))
        self._own = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if self._to:
            self._send("BYE", 2)
            await self._final(b"BYE", PATIENCE_S)
        self._transport.close()

    @property
    def source_port(self) -> int:
        return int(self._own)

    async def dials(self, within: float = PATIENCE_S) -> int:
        """The final answer to the call. Raises TimeoutError when none comes."""
        self._send("INVITE", 1, _SDP)
        answer = await self._final(b"INVITE", within)
        status = int(answer[8:12])
        found = _TO.search(answer)
        assert found is not None
        if status == 200:
            self._to = found[1]
        self._send("ACK", 1, to=found[1])
        return status

    async def registers(self, account: str, password: str) -> int:
        """Asks to be rung as a seat, as who guesses passwords does: the answer to a first guess."""
        self.dialled = account
        self._send("REGISTER", 1)
        challenge = await self._final(b"REGISTER", PATIENCE_S)
        asked = {name.decode(): value.decode() for name, value in _ASKED.findall(challenge)}
        uri = f"sip:{account}@127.0.0.1:{self.port}"
        own, what = (md5(part.encode(), usedforsecurity=False).hexdigest()
                     for part in (f"{account}:{asked['realm']}:{password}", f"REGISTER:{uri}"))
        proof = md5(f"{own}:{asked['nonce']}:00000001:raw:auth:{what}".encode(), usedforsecurity=False).hexdigest()
        self._send("REGISTER", 2, more=(
            f'Authorization: Digest username="{account}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
            f'opaque="{asked.get("opaque", "")}", qop=auth, nc=00000001, cnonce="raw", algorithm=MD5, response="{proof}"\r\n'))
        return int((await self._final(b"REGISTER", PATIENCE_S))[8:12])

    async def _final(self, method: bytes, within: float) -> bytes:
        async with asyncio.timeout(within):
            while True:
                message = await self._messages.came.get()
                status, of = _STATUS.match(message), _METHOD.search(message)
                if status and int(status[1]) >= 200 and of and of[1] == method:
                    return message

    def _send(self, method: str, number: int, body: str = "", *, to: bytes = b"", more: str = "") -> None:
        target = f"sip:{self.dialled}@127.0.0.1:{self.port}"
        head = (f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self._own};branch=z9hG4bK{self._tag}{method}{number}\r\n"
                f"Max-Forwards: 70\r\nCall-ID: {self._tag}-{self._own}\r\nCSeq: {number} {method}\r\n"
                f"Contact: <sip:{self.number}@127.0.0.1:{self._own}>\r\n").encode()
        sender = b"From: " + self.name + f" <sip:{self.number}@127.0.0.1:{self._own}>;tag={self._tag}\r\n".encode()
        receiver = b"To: " + (to or self._to or f"<{target}>".encode()) + b"\r\n"
        end = (f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}" if body else
               "Content-Length: 0\r\n\r\n").encode()
        self._transport.sendto(head + sender + receiver + more.encode() + end)
