"""Who is told of a broken clock, who acknowledges, what climbs when nobody does."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select
from wall.notified import HOUR, MINUTE, NOW, House, furnish, rule

from callcenter.clock import FakeClock
from callcenter.errors import NotFound
from callcenter.settings import CHECKOUT
from callcenter.site import Site, load_site
from crm.clocks import service as clocks
from crm.database import Database
from crm.notices import service
from crm.notices.models import Notice
from crm.outbox.models import OutboxEntry
from crm.tickets.models import Ticket, TicketEvent


@pytest.fixture
def house(database: Database) -> House:
    return furnish(database)


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(CHECKOUT / "asterisk-config/site.yaml")


@pytest.mark.rule("C2", part="the ladder: each step sent, logged, acknowledged")
def test_rungs_tell_the_estates_people_one_after_the_other(house: House, site: Site) -> None:
    house.open()
    house.at(50 * MINUTE, site)
    assert house.told() == [("assignee", ["ben"])]      # the warning
    house.at(HOUR, site)
    house.acknowledge("ben", 2)
    house.at(90 * MINUTE, site)
    house.acknowledge("anna", 3)
    house.at(9 * HOUR, site)
    assert house.told() == [("assignee", ["ben"]), ("assignee", ["ben"]), ("leader", ["anna"]), ("operations", ["olga"])]
    with house.database.reading() as session:
        sent = [(entry.data["about"], entry.data["whom"], entry.data["users"]) for entry in
                session.scalars(select(OutboxEntry).where(OutboxEntry.what == "notice.sent").order_by(OutboxEntry.id))]
        assert sent == [("warned", "assignee", [house.users["ben"]]), ("broken", "assignee", [house.users["ben"]]),
                        ("broken", "leader", [house.users["anna"]]), ("broken", "operations", [house.users["olga"]])]
        texts = json.dumps([entry.data for entry in session.scalars(select(OutboxEntry))], ensure_ascii=False)
        assert "13800000000" not in texts
        assert "王" not in texts


def test_what_nobody_acknowledges_climbs_one_after_the_other_to_the_top_and_no_further(house: House, site: Site) -> None:
    house.open("ben", {"tell": "assignee"})
    for minutes in range(60, 60 * 5, 5):
        house.at(minutes * MINUTE, site)
    assert house.told()[1:] == [("assignee", ["ben"]), ("leader", ["anna"]), ("supervisor", ["sue"]), ("manager", ["max"]),
                                ("operations", ["olga"])]
    with house.database.reading() as session:
        waits = [(notice.at - NOW) / MINUTE for notice in session.scalars(select(Notice).order_by(Notice.id))]
        assert waits[1:] == [60, 70, 80, 90, 100]


def test_acknowledged_by_one_of_them_it_climbs_no_further_and_says_by_whom_and_when(house: House, site: Site) -> None:
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, site)
    notice = house.acknowledge("anna", 2)
    assert (notice.acknowledged_by, notice.acknowledged_at) == (house.users["anna"], NOW + HOUR)
    house.clock = FakeClock(NOW + 2 * HOUR)
    assert house.acknowledge("anna", 2).acknowledged_at == NOW + HOUR
    house.at(9 * HOUR, site)
    assert [whom for whom, _ in house.told()] == ["assignee", "leader"]
    with house.database.reading() as session:
        [event] = session.scalars(select(TicketEvent).where(TicketEvent.what == "acknowledged"))
        assert (event.who, event.user_id) == ("anna", house.users["anna"])


@pytest.mark.parametrize("name", ["otto", "ben"])
def test_who_was_not_told_of_it_cannot_acknowledge_and_does_not_learn_that_it_is_there(house: House, site: Site, name: str) -> None:
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, site)
    with pytest.raises(NotFound):
        house.acknowledge(name, 2)


def test_where_nobody_is_meant_the_next_one_up_is_told_at_once(house: House, site: Site) -> None:
    house.open(None, {"tell": "assignee"})
    house.at(HOUR, site)
    assert house.told() == [("owner", []), ("leader", ["anna"]), ("assignee", []), ("leader", ["anna"])]
    assert house.acknowledge("anna", 4).whom == "leader"


def test_who_was_only_warned_is_told_when_nobody_below_acknowledges_that_it_is_broken(house: House, site: Site) -> None:
    house.open(None, {"tell": "assignee"})
    house.at(50 * MINUTE, site)
    assert house.told() == [("owner", []), ("leader", ["anna"])]      # the warning: it is nobody's yet
    with house.database.writing.begin() as session:
        session.scalars(select(Ticket)).one().assignee_id = house.users["ben"]
    house.at(HOUR, site)
    house.at(HOUR + 10 * MINUTE, site)
    assert house.told()[2:] == [("assignee", ["ben"]), ("leader", ["anna"])]


def test_when_the_clock_ends_nothing_climbs_any_more(house: House, site: Site) -> None:
    house.open()
    house.at(HOUR, site)
    with house.database.writing.begin() as session:
        ticket = session.scalars(select(Ticket)).one()
        ticket.stage = "done"
        clocks.follow(session, ticket, rule(), NOW + HOUR + MINUTE)
    house.at(30 * HOUR, site)
    assert house.told() == [("assignee", ["ben"]), ("assignee", ["ben"])]
    with house.database.reading() as session:
        assert {notice.settled_at for notice in session.scalars(select(Notice))} == {NOW + HOUR + MINUTE}


def test_two_processes_climb_at_once_and_each_notice_climbs_once(house: House) -> None:
    house.open("ben", {"tell": "assignee"})
    with house.database.writing.begin() as session:
        clocks.tick(session, NOW + HOUR)
    together, faults = threading.Barrier(2), list[BaseException]()

    def work() -> None:
        try:
            together.wait(60)
            with house.database.writing.begin() as session:
                service.climb(session, NOW + 2 * HOUR, 10 * MINUTE)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [whom for whom, _ in house.told()] == ["assignee", "assignee", "leader"]
