"""Site files for tests: the demo's shape, with rings and limits as short as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from callcenter.site.parts import PRIVATE_NUMBERS

PRIMARY = ("1001", "1002", "1003", "1004")
BACKUP = ("1101", "1102")


@dataclass(frozen=True)
class TestSite:
    """`text()` is a site file. Queue `repair` has seats 1001 and 1002, `complaint` 1003, `enquiry` 1004 and all
    that `primary` adds; backups are 1101 and 1102."""

    __test__ = False

    primary: Sequence[str] = PRIMARY
    enquiry_backup: bool = True
    ring_seconds: int = 1
    overflow_after: int = 6
    seat_ring: int = 2
    backup_for: int = 4
    backup: Sequence[str] = BACKUP
    wrapup: int = 0
    lookup_ms: int = 300
    message: int = 20
    survey: bool = True
    menu_wait: int = 1
    open_all_day: bool = True
    closed_days: Sequence[str] = ()
    queues: Sequence[dict[str, Any]] = field(default_factory=tuple)
    agents: Sequence[dict[str, Any]] = ()       # with any: free seating
    callback_numbers: Sequence[str] = PRIVATE_NUMBERS
    chains: Mapping[str, dict[str, Any]] = field(default_factory=dict)     # by queue id: more keys of it
    more: Mapping[str, Any] = field(default_factory=dict)                  # more keys of the site, or others

    def text(self) -> str:
        return yaml.safe_dump(self._site(), allow_unicode=True, sort_keys=False)

    def _site(self) -> dict[str, Any]:
        day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        return {
            "version": 1,
            "company": {"name": {"zh": "安和物业", "en": "Anhe Property"}},
            "numbers": [{"number": "8000", "menu": "main", "night_menu": "night"},
                        {"number": "8001", "menu": "repair"}],
            "schedule": {"hours": [{"days": day, "from": "00:00", "to": "00:00"}] if self.open_all_day else [],
                         "calendar": "none", "closed_days": list(self.closed_days)},
            "ring": {"seconds": self.ring_seconds, "answer_within": 2, "overflow_after": self.overflow_after},
            "limits": {"lookup_ms": self.lookup_ms, "message": self.message, "survey": self.survey,
                       "callback_numbers": list(self.callback_numbers)},
            "seats": [*({"seat": seat, "name": f"座席{seat}"} for seat in self.primary),
                      *({"seat": seat, "name": f"后备{seat}", "kind": "backup"} for seat in BACKUP)],
            "queues": list(self.queues) or [
                self._queue("repair", ("1001", "1002")),
                self._queue("complaint", ("1003",)),
                self._queue("enquiry", self.primary[3:]) | ({} if self.enquiry_backup else {"backup": []}),
            ],
            "menus": self._menus(),
            **({"agents": list(self.agents)} if self.agents else {}),
            # A few calls a minute are many against no forecast at all; after minutes of them callers would hear less.
            "surge": {"declares_itself": False},
        } | dict(self.more)

    def _queue(self, name: str, seats: Sequence[str]) -> dict[str, Any]:
        return {"id": name, "name": {"zh": name, "en": name}, "seats": list(seats), "backup": list(self.backup),
                "seat_ring": self.seat_ring, "backup_for": self.backup_for, "wrapup": self.wrapup} | self.chains.get(name, {})

    def _menus(self) -> list[dict[str, Any]]:
        repair = {"queue": "repair"}
        return [
            {"id": "main", "prompts": ["welcome", "menu-main"], "wait": self.menu_wait, "tries": 2,
             "keys": {"1": {"menu": "repair"}, "2": {"queue": "complaint"}, "3": {"queue": "enquiry"},
                      "0": {"queue": "enquiry"}, "4": {"message": True}, "5": {"prompt": "recording-notice"},
                      "9": {"language": "en"}, "*": {"repeat": True}},
             "silent": {"queue": "enquiry"}},
            {"id": "repair", "prompts": ["menu-repair"], "wait": self.menu_wait, "tries": 2,
             "keys": {"1": repair, "2": repair, "9": {"language": "en"}, "#": {"menu": "main"}},
             "silent": repair},
            {"id": "night", "prompts": ["welcome-night", "menu-repair"], "wait": self.menu_wait, "tries": 2,
             "keys": {"1": repair, "4": {"message": True}}, "silent": {"message": True}},
        ]
