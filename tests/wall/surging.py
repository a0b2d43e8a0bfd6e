"""A keeper of a surge with its surroundings, of which the test moves the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hotline.own_redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.commands import Answer, Command, SetSurge
from callcenter.events import (
    AgentChanged,
    AgentShown,
    AgentState,
    AnyEvent,
    Call,
    CallChanged,
    CallEnded,
    CallState,
    Health,
    SurgeChanged,
)
from callcenter.orders import NotAnswered
from callcenter.site import Site
from callcenter.site.surge import SurgePolicy
from callcenter.storm import CalledIn, Coming, Surge
from crm.database import Database
from crm.surge.board import BoardReader
from crm.surge.keeper import SurgeKeeper
from crm.surge.models import SurgeChange, SurgeRow
from wall.rig import Floor

NOW = datetime(2026, 7, 21, 6, 0, tzinfo=UTC)
# The rulebook's half hours are six seconds here.
POLICY = SurgePolicy.model_validate({
    "waiting": {"above": 3, "sustained": 2}, "longest_wait": {"enabled": False}, "service_level": {"least": 100},
    "arrivals": {"above": 1.5, "sustained": 2, "window": 60, "least": 2},
    "under_control": {"waiting": 1, "gained_after": 1, "lost_after": 1}, "tier_2_after": 6, "tier_3_after": 6, "down_after": 3,
    "raised_stays": 4, "rests": 20, "held_at_most": 30, "blind_after": 4})
ROBOT = {"id": "ops", "kind": "wecom", "url": "http://127.0.0.1:9999/cgi-bin", "tell": ["manager"]}


@dataclass
class CallsIn:
    """Stands in for crm/callin: keeps who was asked for, in the keeper's own transaction."""

    asked: list[tuple[str, int]] = field(default_factory=list)
    fails: bool = False
    is_mute: bool = False
    people: tuple[CalledIn, ...] = ()

    def call_in(self, session: Session, surge_id: int, tier: int, now: datetime) -> None:
        if self.fails:
            raise RuntimeError("no roster")
        assert session.get_one(SurgeRow, surge_id).ended_at is None
        self.asked.append(("in", tier))
        person = CalledIn(tier, f"Person {tier}", tier, Coming.ACCEPTED, now, due_at=now + timedelta(minutes=20))
        self.people = (*self.people, person)

    def release(self, session: Session, surge_id: int, tier: int, now: datetime) -> None:
        self.asked.append(("release", tier))
        self.people = tuple(each for each in self.people if each.tier != tier)

    def coming(self, session: Session, surge_id: int) -> tuple[CalledIn, ...]:
        if self.is_mute:
            raise KeyError("nobody")
        return self.people


class Storm:
    """A keeper with its surroundings: the board that acd writes, acd's answers, what is told, and time."""

    def __init__(self, store: Redis, database: Database, site: Site) -> None:
        self.store, self.database, self.site = store, database, site
        self.clock, self.floor, self.calls_in = FakeClock(NOW), Floor(store.url), CallsIn()
        self.told: list[Surge] = []
        self.orders: list[SetSurge] = []
        self.answer = "done"
        self.redis_is_lost = False
        self.health: list[tuple[Health, str]] = []
        self.expected: float | None = None
        self.reader = BoardReader(store.url)
        self.keeper = self.process()
        self.floor.publish(AgentChanged(NOW, AgentShown("801", "Anna", "day", AgentState.READY, NOW)))
        self.board()

    def process(self) -> SurgeKeeper:
        """A keeper that has just been started."""
        return SurgeKeeper(self.database, self.site, self.clock, self._report, board=self.reader, ask=self._ask, tell=self._tell,
                           calls_in=self.calls_in, expected=lambda *_: self.expected)

    def _ask(self, command: Command) -> Answer:
        assert isinstance(command, SetSurge)
        if self.answer == "silent":
            raise NotAnswered("SetSurge")
        self.orders.append(command)
        return Answer("1", self.answer)

    def _tell(self, event: AnyEvent) -> None:
        assert isinstance(event, SurgeChanged)
        self.told.append(event.surge)
        if not self.redis_is_lost:      # the herald's word goes astray then
            self.floor.publish(event)
            self.floor.write_board()

    def _report(self, component: str, state: Health, detail: str = "") -> None:
        assert component == "surge"
        self.health.append((state, detail))

    def board(self) -> None:
        self.floor.write_board()
        self.floor.write_health("acd", "ami")

    def waiting(self, count: int) -> None:
        at = self.clock.now()
        for place in range(max(count, len(self.floor.board.calls))):
            ident = f"node1-{place}.1"
            self.floor.publish(CallChanged(at, "queued", Call(ident, CallState.QUEUED, at, at, queue="repair", queued_at=at))
                               if place < count else CallEnded(at, ident, "answered"))
        self.board()

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(1)
            self.keeper.step()

    @property
    def tier(self) -> int:
        return self.floor.board.surge.tier

    def changes(self) -> list[tuple[int, int, str]]:
        with self.database.reading() as session:
            return [(row.before, row.tier, row.act) for row in session.scalars(select(SurgeChange).order_by(SurgeChange.id))]
