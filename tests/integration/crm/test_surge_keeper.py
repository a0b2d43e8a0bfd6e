"""The keeper of a surge on a real Redis and both databases: declared, called in, taken back, whatever dies in between. Time is
scaled by the policy and moved by hand: nothing here waits."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hotline.own_redis import Redis
from sqlalchemy import select, update
from wall.rig import Floor
from wall.surging import NOW, POLICY, ROBOT, Storm

from callcenter.commands import SetSurge
from callcenter.events import Health
from callcenter.settings import CHECKOUT
from callcenter.site import Site, load_site
from callcenter.site.desk import Notices
from callcenter.storm import Coming, Drill, Surge
from crm.calls.models import CallRow
from crm.database import Database, open_database
from crm.staff.actor import Actor
from crm.surge import service
from crm.surge.keeper import SurgeKeeper
from crm.surge.models import SurgeChange, SurgeLetter, SurgeReport, SurgeRow
from crm.surge.reports import shown


@pytest.fixture(scope="module")
def site() -> Site:
    found = load_site(CHECKOUT / "asterisk-config/site.yaml")
    return found.model_copy(update={"surge": POLICY, "notices": Notices.model_validate({"robots": [ROBOT]})})


@pytest.fixture(scope="module")
def store() -> Iterator[Redis]:
    made = Redis(Path(tempfile.mkdtemp(prefix="surge-")))
    made.start()
    yield made
    made.lose()


@pytest.fixture
def storm(store: Redis, site: Site, migrated_file: Path, tmp_path: Path) -> Iterator[Storm]:
    """On SQLite; the whole story is told on both."""
    shutil.copy(migrated_file, tmp_path / "crm.db")
    database = open_database(f"sqlite:///{tmp_path}/crm.db")
    yield Storm(store, database, site)
    database.close()


@pytest.fixture
def storm_on_both(store: Redis, database: Database, site: Site) -> Storm:
    return Storm(store, database, site)


@pytest.mark.rule("B1")
@pytest.mark.rule("B3")
@pytest.mark.rule("B4")
@pytest.mark.rule("B5")
@pytest.mark.rule("B7")
@pytest.mark.rule("B8")
def test_a_surge_is_declared_calls_in_tier_by_tier_and_gives_back_tier_by_tier_through_a_restart(storm_on_both: Storm) -> None:
    storm = storm_on_both
    storm.seconds(3)
    assert (storm.tier, storm.orders[-1], storm.health[-1]) == (0, SetSurge(0), (Health.OK, ""))
    storm.waiting(6)
    storm.seconds(2)
    assert storm.tier == 0, "two seconds of it are wanted, and one has passed since the first look"
    storm.seconds(1)
    surge = storm.floor.board.surge
    declared = storm.clock.now()
    assert (surge.tier, surge.why, surge.since, surge.by) == (1, ("waiting",), declared, "")
    assert surge.next_at == declared + timedelta(seconds=6)
    assert storm.orders[-1] == SetSurge(1, surge.surge_id)
    assert storm.calls_in.asked == []

    storm.seconds(3)
    storm.keeper = storm.process()       # it dies and is started again
    storm.seconds(2)
    assert storm.tier == 1
    storm.seconds(1)
    assert (storm.tier, storm.floor.board.surge.tier_since) == (2, declared + timedelta(seconds=6))
    assert storm.calls_in.asked == [("in", 2)]
    [person] = storm.floor.board.surge.coming
    assert (person.name, person.state) == ("Person 2", Coming.ACCEPTED)

    storm.seconds(6)
    assert (storm.tier, storm.calls_in.asked) == (3, [("in", 2), ("in", 3)])
    asked = len(storm.orders)
    storm.seconds(10)
    assert storm.tier == 3
    assert len(storm.orders) > asked, "acd is asked again and again"
    assert storm.floor.board.surge.next_at is None

    storm.waiting(0)
    storm.seconds(2)
    calm = storm.floor.board.surge
    assert calm.under_control_since
    assert calm.down_at == calm.under_control_since + timedelta(seconds=3)
    storm.seconds(2)
    assert (storm.tier, storm.calls_in.asked[2:]) == (2, [("release", 3)])
    storm.keeper = storm.process()
    storm.seconds(3)
    assert (storm.tier, storm.calls_in.asked[3:]) == (1, [("release", 2)])
    storm.seconds(3)
    assert storm.floor.board.surge == Surge()
    assert storm.orders[-1] == SetSurge(0)
    assert storm.changes() == [(0, 1, "declared"), (1, 2, "rose"), (2, 3, "rose"), (3, 2, "fell"), (2, 1, "fell"), (1, 0, "fell")]

    with storm.database.reading() as session:
        [row] = session.scalars(select(SurgeRow))
        assert (row.declared_at, row.ended_at, row.highest, row.drill) == (declared, storm.clock.now(), 3, False)
        reports = [shown(each).situation for each in session.scalars(select(SurgeReport).order_by(SurgeReport.id))]
        letters = session.scalars(select(SurgeLetter.channel)).all()
        figures = [change.signals for change in session.scalars(select(SurgeChange).order_by(SurgeChange.id))]
    assert [(of.before, of.tier) for of in reports] == [(before, tier) for before, tier, _ in storm.changes()]
    assert [len(of.turns) for of in reports] == [1, 2, 3, 4, 5, 6]
    assert [of.signals.waiting for of in reports if of.signals] == [6, 6, 6, 0, 0, 0]
    assert [signals["waiting"] for signals in figures if signals] == [6, 6, 6, 0, 0, 0]
    assert [len(of.people) for of in reports] == [0, 1, 2, 2, 2, 2], "who was called stands in it, also when they are home again"
    assert letters == ["robot:ops"] * 6


@pytest.mark.rule("B1", part="by hand")
@pytest.mark.rule("B5")
def test_what_a_person_does_in_another_process_holds_at_once_and_follows_its_course(storm: Storm) -> None:
    lead = Actor("lead")

    def hand(reason: str) -> service.Hand:
        return service.Hand(lead, storm.clock.now(), reason)

    storm.seconds(1)
    for reason in ("typhoon", "worse"):
        with storm.database.writing.begin() as session:
            service.raise_tier(session, POLICY, hand(reason))
    storm.seconds(1)
    surge = storm.floor.board.surge
    assert (surge.tier, surge.why, surge.by, surge.reason) == (2, ("by_hand",), "lead", "worse")
    assert storm.calls_in.asked == [("in", 2)]
    with storm.database.writing.begin() as session:
        service.hold(session, POLICY, hand("stay"))
    storm.seconds(20)
    assert (storm.tier, storm.floor.board.surge.held) == (2, True)
    storm.seconds(14)
    assert storm.tier == 0, "a hold that was forgotten ends"
    assert storm.changes()[2:4] == [(2, 2, "held"), (2, 2, "hold_over")]

    storm.waiting(6)
    storm.seconds(3)
    assert storm.tier == 1
    with storm.database.writing.begin() as session:
        service.raise_tier(session, POLICY, hand("more"))
        service.end(session, POLICY, hand("enough"))
    storm.seconds(1)
    assert (storm.tier, storm.orders[-1]) == (0, SetSurge(0))
    assert storm.calls_in.asked[2:] == [("release", 2)], "nobody is rung for a tier that is over already"
    storm.seconds(18)
    assert storm.tier == 0, "what a person ended rests"
    storm.seconds(2)
    assert storm.tier == 1


def test_without_a_board_nothing_is_concluded_and_without_acd_nothing_is_lost(storm: Storm) -> None:
    storm.waiting(6)
    storm.seconds(3)
    assert storm.tier == 1
    storm.floor.fall_silent("acd")
    storm.seconds(30)
    assert storm.told[-1].tier == 1, "nobody has seen whether it was under control"
    assert storm.health[-1] == (Health.DEGRADED, "acd_silent")
    orders = len(storm.orders)
    storm.seconds(3)
    assert len(storm.orders) == orders
    storm.answer = "silent"
    storm.board()
    storm.seconds(1)
    assert storm.health[-1] == (Health.DEGRADED, "acd_silent")
    storm.answer = "refused"
    storm.seconds(1)
    assert storm.health[-1] == (Health.DEGRADED, "refused_refused")
    storm.answer = "done"
    storm.seconds(1)
    assert storm.health[-1] == (Health.OK, "")
    assert storm.orders[-1].tier == 1
    storm.seconds(2)
    assert storm.tier == 1, "the silence does not count"
    storm.calls_in.fails = True
    storm.seconds(4)
    assert (storm.tier, storm.health[-1], storm.calls_in.asked) == (2, (Health.DEGRADED, "callin_failed"), [])
    with storm.database.reading() as session:
        tiers = session.scalars(select(SurgeReport.tier).order_by(SurgeReport.id)).all()
        assert tiers == [1, 2], "it is told all the same"
    storm.calls_in.fails = False
    storm.seconds(1)
    assert (storm.calls_in.asked, storm.health[-1]) == ([("in", 2)], (Health.OK, ""))
    with storm.database.reading() as session:
        assert len(session.scalars(select(SurgeReport)).all()) == 2


@pytest.mark.rule("B7", part="however many callings in fail, each later change is reported")
def test_more_changes_whose_calling_in_fails_than_one_transaction_takes_hold_up_no_report(storm: Storm) -> None:
    storm.calls_in.fails = True
    storm.waiting(6)
    storm.seconds(9)
    assert storm.tier == 2
    with storm.database.writing.begin() as session:
        surge_id = session.scalars(select(SurgeRow.id)).one()
        session.add_all(SurgeChange(
            surge_id=surge_id, at=storm.clock.now() + timedelta(seconds=place), act="rose", before=1, tier=2, why=[], reason="",
            by="", signals=None, acted_at=None) for place in range(12))
    storm.seconds(1)
    with storm.database.reading() as session:
        changes = session.scalars(select(SurgeChange.id)).all()
        assert set(session.scalars(select(SurgeReport.change_id))) == set(changes)
    assert storm.health[-1] == (Health.DEGRADED, "callin_failed")
    storm.calls_in.fails = False
    storm.seconds(1)
    assert (storm.calls_in.asked, storm.health[-1]) == ([("in", 2)] * 13, (Health.OK, ""))


def test_neither_a_call_in_that_cannot_say_who_comes_nor_a_report_that_fails_holds_up_the_tier(storm: Storm) -> None:
    storm.calls_in.is_mute = True
    storm.waiting(6)
    storm.seconds(9)
    assert (storm.tier, storm.orders[-1].tier, storm.calls_in.asked, storm.health[-1]) == (
        2, 2, [("in", 2)], (Health.DEGRADED, "callin_failed"))
    with storm.database.reading() as session:
        assert session.scalars(select(SurgeReport.tier).order_by(SurgeReport.id)).all() == [1, 2]
        assert None not in session.scalars(select(SurgeChange.acted_at)).all()
    storm.calls_in.is_mute = False
    storm.seconds(1)
    assert (storm.health[-1], [person.name for person in storm.floor.board.surge.coming]) == ((Health.OK, ""), ["Person 2"])
    with storm.database.writing.begin() as session:
        session.execute(update(SurgeReport).values(facts={"by": "an older version"}))
    storm.seconds(6)
    assert (storm.orders[-1].tier, storm.calls_in.asked, storm.health.count((Health.DEGRADED, "report_failed"))) == (
        3, [("in", 2), ("in", 3)], 1), "said once"


def test_while_redis_or_the_database_is_away_the_tier_stays_or_goes_on_in_memory(storm: Storm, tmp_path: Path) -> None:
    storm.waiting(6)
    storm.seconds(3)
    real = storm.database
    broken = open_database(f"sqlite:///{tmp_path}/not/there/crm.db")
    storm.keeper._database = broken     # its own connection is lost
    storm.seconds(6)
    assert (storm.tier, storm.health[-1]) == (2, (Health.DEGRADED, "database"))
    assert storm.orders[-1].tier == 2
    assert storm.calls_in.asked == []
    fresh = SurgeKeeper(broken, storm.site, storm.clock, storm._report, board=storm.reader, ask=storm._ask, tell=storm._tell)
    told = len(storm.told)
    fresh.step()
    assert len(storm.told) == told, "one that does not know the tier yet takes nothing back"
    storm.keeper._database = real
    storm.seconds(1)
    assert storm.changes() == [(0, 1, "declared"), (1, 2, "rose")]
    assert (storm.calls_in.asked, storm.health[-1]) == ([("in", 2)], (Health.OK, ""))
    storm.store.lose()
    storm.redis_is_lost = True
    storm.seconds(20)
    assert storm.health[-1] == (Health.DEGRADED, "redis")
    storm.store.start()
    storm.redis_is_lost = False
    storm.floor = Floor(storm.store.url)
    storm.waiting(0)
    storm.seconds(1)
    assert storm.tier == 2, "a board that was emptied is told anew"
    storm.seconds(2)
    assert storm.tier == 2
    storm.seconds(1)
    assert storm.tier == 1
    broken.close()


@pytest.mark.rule("B1", part="arrivals against forecast")
def test_arrivals_against_the_forecast_declare_it_and_a_drill_is_marked_and_rings_nobody(storm: Storm) -> None:
    def came(count: int) -> None:
        with storm.database.writing.begin() as session:
            at = storm.clock.now()
            session.add_all(CallRow(call_id=f"node1-{at.timestamp()}.{place}", node="node1", entered_at=at, queued_at=at,
                                    queue="repair", menu_keys=[], stage=0, seats_rung=[], fold={}) for place in range(count))

    storm.expected = 4.0
    came(6)
    storm.seconds(4)
    assert storm.tier == 0, "1.5 times the forecast is not above it"
    storm.floor.board = replace(storm.floor.board, drill=Drill(1, "summer", NOW, surge=True))
    storm.board()
    came(1)
    storm.seconds(3)
    surge = storm.floor.board.surge
    assert (surge.tier, surge.why, surge.drill) == (1, ("arrivals",), True)
    storm.waiting(6)
    storm.seconds(8)
    assert (storm.tier, storm.calls_in.asked) == (2, [])
    with storm.database.reading() as session:
        assert all(shown(each).situation.drill for each in session.scalars(select(SurgeReport)))
