"""Receivers of webhooks on this machine, and who subscribes them: one that does as it is told, and the one of docs/webhooks.md."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any, Final

from callcenter.phones import PATIENCE_S
from callcenter.settings import CHECKOUT
from crm.database import Database
from crm.staff.actor import Actor
from crm.webhooks import service
from crm.webhooks.addresses import Allowed
from crm.webhooks.schemas import WebhookMade
from crm.webhooks.service import Wanted

NOW: Final = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HERE: Final = Allowed((ip_network("127.0.0.0/8"),))
ADMIN: Final = Actor("admin")


@dataclass
class Inbox:
    """`answers` are given one after the other, the last one for ever. The letter of the number `holds` has none until `goes_on`:
    its sender is in the middle of it."""

    answers: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    letters: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    holds: int = 0
    goes_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving(inbox: Inbox) -> Iterator[Inbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            inbox.letters.append((dict(self.headers), body))
            if len(inbox.letters) == inbox.holds:
                inbox.goes_on.wait(PATIENCE_S)
            answer = inbox.answers.pop(0) if len(inbox.answers) > 1 else inbox.answers[0]
            self.send_response(answer)
            for name, value in inbox.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as inbox.url:
        yield inbox


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/sixring"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def documented() -> dict[str, Any]:
    """The names that the documentation's receiver defines."""
    text = (CHECKOUT / "docs/webhooks.md").read_text(encoding="utf-8")
    found = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(found) == 1
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(found[0], "docs/webhooks.md", "exec"), names)
    return names


def subscribed(database: Database, url: str, *events: str, estates: tuple[int, ...] | None = None) -> WebhookMade:
    with database.writing.begin() as session:
        return service.subscribe(session, ADMIN, Wanted(url, events or ("*",), estates), NOW, HERE)


def subjects(inbox: Inbox) -> list[str]:
    return [json.loads(body)["subject"] for _, body in inbox.letters]
