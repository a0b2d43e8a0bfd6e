"""A dashboard with a few households and one recording, and everybody who is needed at its pages of tickets, signed in."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import struct
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from hotline.households import LI, WANG, ZHAO, load
from hotline.own_redis import Redis
from playwright.sync_api import Browser, Locator, Page

from callcenter.roles import Role
from callcenter.settings import Settings
from crm.calls.models import CallRow, ContactEntry
from crm.database import Database, open_database
from crm.followups.models import Rating
from crm.staff.audit import audit_of
from crm.texts.models import Text
from wall.chromium import LAPTOP, breaks_policy
from wall.rig import DashboardThread, running_here, signed_in
from wall.team import TEAM

HEARD: Final = "node1-1763800000.7"
HOME: Final = 1        # of WANG and LI
PNG: Final = base64.b64decode(     # one dark point
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@dataclass(frozen=True)
class TicketDesk:
    """Everybody is signed in once: hashing a password is slow on purpose."""

    browser: Browser
    redis: Redis
    settings: Settings
    dashboard: DashboardThread
    database: Database
    clients: dict[Role, httpx.Client]

    def ask(self, role: Role, method: str, path: str, **given: Any) -> Any:
        answer = self.clients[role].request(method, f"/api/v1{path}", **given)
        assert answer.is_success, answer.text
        return answer.json()

    def ticket(self, role: Role = Role.AGENT, **fields: object) -> int:
        """A repair at WANG's."""
        made = self.ask(role, "POST", "/tickets", json={
            "kind": "repair", "household_id": HOME, "category": "water/leak",
            "fields": {"what": "厨房漏水", "urgency": "ordinary", "contact_name": "王小明", **fields}})
        ident: int = made["ticket"]["ticket_id"]
        return ident

    @contextmanager
    def page(self, role: Role, path: str, size: tuple[int, int] = LAPTOP, language: str = "zh") -> Iterator[Page]:
        """Fails the test when the page breaks, or breaks its own security policy."""
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
        context.add_cookies([{"name": name, "value": value, "url": self.dashboard.url}
                             for name, value in self.clients[role].cookies.items()])
        context.add_init_script(f"localStorage.setItem('sixring.language', '{language}')")
        opened = context.new_page()
        broken: list[str] = []
        opened.on("pageerror", lambda error: broken.append(str(error)))
        opened.on("console", lambda line: broken.append(line.text) if breaks_policy(line.text) else None)
        opened.goto(self.dashboard.url + path)
        yield opened
        context.close()
        assert broken == []

    def looks(self, subject: str, action: str) -> list[tuple[str, dict[str, str]]]:
        """Who looked and why, as the audit has it."""
        with self.database.reading() as session:
            return [(entry.who, json.loads(entry.detail or "{}")) for entry in audit_of(session, subject)
                    if entry.action == action]


@contextmanager
def ticket_desk(browser: Browser, folder: Path) -> Iterator[TicketDesk]:
    with running_here(folder, TEAM) as (redis, settings, dashboard):
        database = open_database(settings.database_url)
        load(database, datetime.now(UTC), WANG, LI, ZHAO)
        _recorded(database, settings)
        _thanked(database)
        roles = (Role.AGENT, Role.LEADER, Role.ENGINEER, Role.WALLBOARD)
        clients = {role: signed_in(dashboard.url, role) for role in roles}
        yield TicketDesk(browser, redis, settings, dashboard, database, clients)
        for client in clients.values():
            client.close()
        database.close()


def named(place: Page | Locator, name: str) -> Locator:
    return place.locator(f'[data-test="{name}"]')


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]').locator("input, textarea, select").first


def cut_off(page: Page) -> list[str]:
    """Words that do not fit where they stand, and what hangs out of the page; a list is scrolled within its own place."""
    found: list[str] = page.evaluate("""() => {
        const wide = [...document.querySelectorAll('button:not(.ring), a.button, thead th, label, .chip, h2, header.bar')]
          .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
        const box = e => e.getBoundingClientRect()
        const outside = [...document.querySelectorAll('button, section, header')]
          .filter(e => box(e).width && (box(e).right > innerWidth + 1
                                        || (box(e).bottom > innerHeight + 1 && !e.closest('.scroll'))))
        return [...wide, ...outside].map(e => e.className + ': ' + e.textContent.trim().slice(0, 40))}""")
    return found


def _recorded(database: Database, settings: Settings) -> None:
    """A call from WANG's this morning, of which there is a recording of six seconds, with a message at its end."""
    path = settings.recordings / "2026/11/22/heard+message.wav"
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        out.writeframes(b"".join(struct.pack("<h", round(9000 * math.sin(at / 3))) for at in range(48_000)))
    data, at = path.read_bytes(), datetime.now(UTC) - timedelta(hours=2)
    with database.writing.begin() as session:
        session.add(CallRow(
            call_id=HEARD, node="node1", number="13800138000", menu_keys=[], queue="repair", stage=0, seats_rung=[], entered_at=at,
            answered_at=at, ended_at=at + timedelta(minutes=3), fold={}, answered_by="1001", answered_agent="801",
            outcome="answered", household_id=HOME, recording="2026/11/22/heard.wav", voicemail="2026/11/22/heard.wav",
            recording_state="kept", recording_s=6.0,
            recording_sha256=hashlib.sha256(data).hexdigest(), recording_bytes=len(data)))
        session.flush()
        session.add(ContactEntry(source="call", call_id=HEARD, seat="1001", at=at, declined_contact=False, household_id=HOME))


def _thanked(database: Database) -> None:
    """Two ratings of WANG's, and the texts that thank for them: one arrived, one is tried again."""
    at = datetime.now(UTC) - timedelta(hours=1)
    with database.writing.begin() as session:
        for nth, (sent, error) in enumerate(((at, None), (None, "http_503")), 1):
            session.add(Rating(id=nth, at=at, source="survey", score=1, reference=f"survey:{nth}", household_id=HOME,
                               thanked="text"))
            session.add(Text(purpose="thanks", subject=f"rating:{nth}", channel="text", address="+8613800138000", household_id=HOME,
                             language="zh", made_at=at + timedelta(minutes=nth), sent_at=sent, error=error, tries=nth,
                             next_at=None if sent else datetime.now(UTC) + timedelta(hours=1)))
