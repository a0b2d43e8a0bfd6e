"""Tickets and their clocks together, over days, by a clock that the test moves; and many hands at one ticket (A6, E3, J1)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk.counter import Counter, Person

from callcenter.roles import Role
from crm.clocks.service import tick

HOUR = 3600


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def pass_time(counter: Counter, seconds: float) -> None:
    counter.clock.advance(seconds)
    with counter.database.writing.begin() as session:
        while tick(session, counter.clock.now()):
            pass


def overdue(person: Person, **more: str) -> list[str]:
    return [one["number"] for one in person.read("/tickets", overdue=True, **more)["items"]]


@pytest.mark.rule("A6", part="the promise and its alert as a ticket")
@pytest.mark.rule("E3", part="the promise is watched")
def test_a_promise_that_is_not_kept_in_time_is_overdue_until_it_is(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    kept = agent.opens("promise", {"what": "回电报价", "due": "2026-11-22T14:00:00+08:00", "agreed": True})
    late = agent.opens("promise", {"what": "安排师傅", "due": "2026-11-22T14:00:00+08:00", "agreed": True})
    assert agent.moves(kept, "kept", {"result": "已回电"}).status_code == 200
    pass_time(counter, 2 * HOUR - 1)
    assert overdue(leader) == []
    pass_time(counter, 2)
    assert overdue(leader) == [late["number"]]
    assert overdue(leader, clock="due") == [late["number"]]
    assert overdue(leader, clock="reply") == []
    assert agent.moves(late, "kept", {"result": "已安排"}).status_code == 200
    assert overdue(leader) == []


@pytest.mark.rule("J1", part="deposit, borrow, return, overdue")
@pytest.mark.parametrize(("borrower", "hours"), [("owner", 12), ("contractor", 7 * 24), ("employee", 24)])
def test_a_key_is_overdue_by_who_borrowed_it_and_each_loan_has_its_own_time(counter: Counter, borrower: str, hours: int) -> None:
    agent, office = counter.person(Role.AGENT), counter.person(Role.OFFICE)
    key = agent.opens("key_loan", {"tag": "A-17", "door": "3-1-502", "pieces": 1})
    loan = {"borrower_is": borrower, "borrower": "王小明", "borrower_phone": "13900001234", "purpose": "装修"}
    for _ in range(2):
        assert agent.moves(key, "lent", loan).status_code == 200
        pass_time(counter, hours * HOUR - 1)
        assert overdue(office) == []
        pass_time(counter, 2)
        assert overdue(office) == [key["number"]]
        assert agent.moves(key, "held").status_code == 200
        assert overdue(office) == []


@pytest.mark.rule("F2", part="the time to be on site")
@pytest.mark.parametrize(("urgency", "hours"), [("urgent", 1), ("ordinary", 24), ("complex", 7 * 24)])
def test_a_repair_s_response_is_due_by_its_urgency_at_any_time_of_any_day(counter: Counter, urgency: str, hours: int) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    repair = agent.opens("repair", {"what": "漏水", "urgency": urgency})
    pass_time(counter, hours * HOUR - 1)
    assert overdue(leader) == []
    pass_time(counter, 2)
    assert overdue(leader, clock="response") == [repair["number"]]


@pytest.mark.rule("E5", part="the two times")
def test_the_follow_up_after_a_complaint_is_due_in_48_hours_and_at_the_latest_in_7_days(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    complaint = agent.opens("complaint", {"what": "噪音"}, category="noise")
    assert agent.moves(complaint, "replied", {"measures": "已劝阻", "validity": "valid"}).status_code == 200
    [follow_up] = leader.read("/tickets", kind="followup")["items"]
    assert (follow_up["owner"], follow_up["category"]) == ("agent", "complaint")
    pass_time(counter, 48 * HOUR + 1)
    assert (overdue(leader, clock="first"), overdue(leader, clock="latest")) == ([follow_up["number"]], [])
    pass_time(counter, 5 * 24 * HOUR)
    assert overdue(leader, clock="latest") == [follow_up["number"]]
    done = {"how": "phone", "satisfied": 1, "said": "满意"}
    assert agent.moves(follow_up, "done", done).json()["ticket"]["state"] == "closed"
    assert overdue(leader) == []


def test_of_eight_writers_at_once_one_wins_and_seven_are_told(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    ticket = agent.opens("enquiry", {"what": "车位费"})
    people = [Person(counter.app, counter.token(Role.AGENT), "agent") for _ in range(8)]
    answers: list[int] = []

    def write(person: Person, number: int) -> None:
        answers.append(person.ask("PATCH", f"/tickets/{ticket['ticket_id']}", version=1,
                                  json={"fields": {"answer": f"第{number}人"}}).status_code)

    threads = [threading.Thread(target=write, args=(person, number)) for number, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [412] * 7
    assert agent.read(f"/tickets/{ticket['ticket_id']}")["ticket"]["version"] == 2


@pytest.mark.rule("E1", part="numbers")
def test_many_opened_at_once_have_as_many_numbers(counter: Counter) -> None:
    people = [Person(counter.app, counter.token(Role.AGENT), "agent") for _ in range(6)]
    numbers: list[str] = []

    def write(person: Person) -> None:
        numbers.extend(person.opens("enquiry", {"what": "车位费"})["number"] for _ in range(3))

    threads = [threading.Thread(target=write, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [f"EN20261122-{number:04d}" for number in range(1, 19)]
