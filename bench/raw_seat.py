"""A seat's phone written by hand: registers, notes the moment at which an INVITE is there, rings, and is never answered."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from types import TracebackType
from typing import Self

_HEADER = re.compile(rb"^([A-Za-z-]+): *(.*?)\r$", re.MULTILINE)
_CHALLENGE = re.compile(r'(\w+)="?([^",]+)"?')


class RawSeat(asyncio.DatagramProtocol):
    """`async with RawSeat(port, "1001", password) as seat:`; each ring is put into `rang` as a monotonic time."""

    def __init__(self, port: int, seat: str, password: str) -> None:
        self._port, self._seat, self._password = port, seat, password
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._rung: set[bytes] = set()
        self._registered = 0         # CSeq of the last REGISTER
        self.rang: asyncio.Queue[float] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0), remote_addr=("127.0.0.1", self._port))
        self._own = self._transport.get_extra_info("sockname")[1]
        await self.registers()
        return self

    async def registers(self) -> None:
        """For ten minutes, which is as long as our Asterisk allows."""
        self._registered += 2
        self._register(self._registered - 1, "")
        challenge = dict(_CHALLENGE.findall((await self._answer(401))["www-authenticate"]))
        self._register(self._registered, self._proof(challenge))
        await self._answer(200)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        now = time.monotonic()
        if data.startswith(b"SIP/2.0 "):
            self._answers.put_nowait(data)
            return
        method = data.split(b" ", 1)[0]
        match method:
            case b"INVITE":
                branch = _of(data)["via"].encode()
                if branch not in self._rung:       # the first, not what was sent again
                    self._rung.add(branch)
                    self.rang.put_nowait(now)
                self._reply(data, "180 Ringing")
            case b"CANCEL":
                self._reply(data, "200 OK")
                self._reply(data.replace(b"CANCEL", b"INVITE"), "487 Request Terminated")
            case b"OPTIONS" | b"NOTIFY" | b"BYE":
                self._reply(data, "200 OK")

    def _register(self, number: int, proof: str) -> None:
        uri = f"sip:127.0.0.1:{self._port}"
        me = f"<sip:{self._seat}@127.0.0.1:{self._port}>"
        lines = [f"REGISTER {uri} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{self._own};branch=z9hG4bKreg{self._own}{number}",
                 "Max-Forwards: 70", f"From: {me};tag=seat{self._own}", f"To: {me}", f"Call-ID: reg-{self._own}",
                 f"CSeq: {number} REGISTER", f"Contact: <sip:{self._seat}@127.0.0.1:{self._own}>", "Expires: 600",
                 *([proof] if proof else []), "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(lines).encode())

    def _proof(self, challenge: dict[str, str]) -> str:
        uri, realm, nonce = f"sip:127.0.0.1:{self._port}", challenge["realm"], challenge["nonce"]
        who, what = _md5(f"{self._seat}:{realm}:{self._password}"), _md5(f"REGISTER:{uri}")
        answer = _md5(f"{who}:{nonce}:00000001:bench:auth:{what}")
        opaque = f', opaque="{challenge["opaque"]}"' if "opaque" in challenge else ""
        return (f'Authorization: Digest username="{self._seat}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
                f'response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="bench"{opaque}')

    async def _answer(self, status: int) -> dict[str, str]:
        async with asyncio.timeout(5):
            while True:
                data = await self._answers.get()
                if data.startswith(f"SIP/2.0 {status} ".encode()):
                    return _of(data)

    def _reply(self, request: bytes, status: str) -> None:
        asked = _of(request)
        lines = [f"SIP/2.0 {status}", *(f"{name}: {asked[name.lower()]}" for name in ("Via", "From", "Call-ID", "CSeq")),
                 f"To: {asked['to']}{'' if 'tag=' in asked['to'] else f';tag=own{self._own}'}",
                 f"Contact: <sip:{self._seat}@127.0.0.1:{self._own}>", "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(lines).encode())


def _of(message: bytes) -> dict[str, str]:
    head = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    return {name.decode().lower(): value.decode(errors="replace") for name, value in _HEADER.findall(head)}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
