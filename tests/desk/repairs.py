"""An engineer's phone, and what stories of repairs have in common: two engineers, prices, changes at the version of now."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcenter.roles import Role
from desk.counter import Answer, Counter, Person

LEAK = {"what": "厨房水管漏水", "place": "厨房", "urgency": "urgent"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


class Phone:
    """An engineer's: each step is made upon the one before, whether or not anything was sent."""

    def __init__(self, person: Person, ticket: Any, order: str) -> None:
        self.person, self.path, self.order = person, f"/repairs/{ticket['ticket_id']}", order
        self.last: str | None = None
        self.made: list[dict[str, Any]] = []

    def does(self, what: str, done_at: datetime, **data: object) -> dict[str, Any]:
        step = {"id": str(uuid.uuid4()), "after": self.last, "order": self.order, "what": what, "done_at": done_at.isoformat(),
                "data": data}
        self.last = step["id"]
        self.made.append(step)
        return step

    def sends(self, *steps: Mapping[str, Any]) -> Any:
        answer = self.person.ask("POST", f"{self.path}/steps", json={"steps": list(steps or self.made)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sends_file(self, content: bytes) -> str:
        sent = self.person.ask("POST", f"{self.path}/files", content=content, params={"name": "照片.png"})
        assert sent.status_code == 201, sent.text
        return hashlib.sha256(content).hexdigest()


def change(person: Person, ticket: Any, verb: str, below: str, **given: object) -> Answer:
    """At the version that the repair has now."""
    path = f"/repairs/{ticket['ticket_id']}"
    seen = person.ask("GET", path)
    assert seen.status_code == 200, seen.text
    return person.ask(verb, f"{path}{below}", version=seen.json()["version"], json=given)


def done(answer: Answer) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def outcomes(taken: Any) -> list[tuple[str, str | None]]:
    return [(step["outcome"], step["code"]) for step in taken["steps"]]


def two_engineers(counter: Counter) -> tuple[Person, Person]:
    """Wei, a plumber on duty until 20:00; Bo, an electrician on duty."""
    boss = counter.person(Role.MANAGER)
    wei, bo = (counter.person(Role.ENGINEER, name) for name in ("wei", "bo"))
    done(boss.ask("PUT", "/roster/people/wei/skills", json={"skills": ["plumbing"]}))
    done(boss.ask("PUT", "/roster/people/bo/skills", json={"skills": ["electricity"]}))
    rows = ["user,duty,estate,from,to", "wei,engineer,江湾,2026-11-22 08:00,2026-11-22 20:00",
            "bo,engineer,,2026-11-22 08:00,2026-11-22 20:00"]
    report = done(boss.ask("POST", "/roster/import", content="\n".join(rows).encode()))
    assert (report["added"], report["faults"]) == (2, [])
    return wei, bo


def price(boss: Person, code: str, amount: str, sort: str = "part", **more: object) -> Any:
    return done(boss.ask("POST", "/repairs/prices", json={
        "code": code, "zh": code, "en": code, "sort": sort, "unit": "个", "price": amount,
        "valid_from": "2026-11-01T00:00:00+08:00", **more}))
