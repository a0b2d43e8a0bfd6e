"""What stands outside the house, on this machine: a mail server, and the robots of WeCom, DingTalk and Feishu, which check what
they are sent as their documentation says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hotline.receiver import served

SECRETS = {"robot-wecom": "key-1", "robot-dingtalk": "token-1", "robot-dingtalk-sign": "sign-1", "robot-feishu": "hook-1",
           "robot-feishu-sign": "sign-2"}


class Outside:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.tried: list[str] = []               # Message-IDs, also of those that were refused
        self.refuse = 0
        self.said: dict[str, list[str]] = {"wecom": [], "dingtalk": [], "feishu": []}
        self.port = 0
        self.url = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.tried.append(str(mail["Message-ID"]))
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def hear(self, path: str, sent: Any) -> dict[str, object]:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path.split("/")[2:]:
            case ["wecom"]:
                right = query == {"key": "key-1"} and sent["msgtype"] == "text"
                return self._heard("wecom", sent["text"]["content"], right, "errcode")
            case ["dingtalk"]:
                signed = hmac.new(b"sign-1", f"{query['timestamp']}\nsign-1".encode(), hashlib.sha256).digest()
                right = (query["access_token"], base64.b64decode(query["sign"]), sent["msgtype"]) == ("token-1", signed, "text")
                return self._heard("dingtalk", sent["text"]["content"], right, "errcode")
            case ["feishu", "hook-1"]:
                signed = hmac.new(f"{sent['timestamp']}\nsign-2".encode(), b"", hashlib.sha256).digest()
                right = base64.b64decode(sent["sign"]) == signed and sent["msg_type"] == "text"
                return self._heard("feishu", sent["content"]["text"], right, "code")
        return {"errcode": 1}

    def _heard(self, robot: str, text: str, right: bool, code: str) -> dict[str, object]:
        if right:
            self.said[robot].append(text)
        return {code: 0 if right else 310000}

    def notices(self) -> dict[str, Any]:
        """As the site file has them."""
        return {
            "mail": {"host": "127.0.0.1", "port": self.port, "tls": "none", "from": "hotline@example.com",
                     "people": {"supervisor": "sue@example.com", "manager": "max@example.com"}},
            "robots": [{"id": kind, "kind": kind, "url": f"{self.url}/{kind}", "signed": kind != "wecom", "tell": ["leader"]}
                       for kind in ("wecom", "dingtalk", "feishu")]}


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def outside() -> Iterator[Outside]:
    made = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(made.hear(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing on the tests' output."""

    controller = _AnyPort(made, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        made.port = controller.port
        with served(Handler) as made.url:
            yield made
    finally:
        controller.stop()
