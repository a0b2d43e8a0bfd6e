"""The call list through the API: what makes a follow-up, in which order households are called, and what comes of it (G, E5)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter, Person
from desk.stories import well
from sqlalchemy import select

from callcenter.roles import Role
from callcenter.site.desk import FollowUps
from crm.followups.calling import whom
from crm.followups.models import FollowUpTask, Rating
from crm.followups.tasks import Wish, claim
from crm.households.models import Consent, PhoneNumber
from crm.households.models import Person as Resident
from crm.kinds.load import shipped_texts
from crm.outbox.models import OutboxEntry
from crm.staff.actor import Actor
from crm.staff.audit import audit_of
from crm.staff.models import User
from crm.tickets.models import Ticket

HOUR = 3600


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    with made.database.writing.begin() as session:
        for home, number in zip(made.households, ("13800000001", "13800000002"), strict=True):
            person = Resident(household_id=home, name=f"王{home}", role="owner")
            session.add(person)
            session.flush()
            session.add_all(PhoneNumber(number=f"+86{one}", person_id=person.id, added_at=made.clock.now(), place=place)
                            for place, one in enumerate((number, f"{number[:-2]}9{number[-1]}")))
    yield made
    made.close()


def claims(person: Person, **wish: object) -> Any:
    answer = person.ask("POST", "/followups/claim", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()["claim"]


def tells(person: Person, claim_id: int, outcome: str, **more: object) -> Any:
    answer = person.ask("POST", f"/followups/claims/{claim_id}/result", json={"outcome": outcome, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def replied(agent: Person, **more: object) -> Any:
    complaint = agent.opens("complaint", {"what": "楼道噪音"}, category="noise", **more)
    assert agent.moves(complaint, "replied", {"measures": "已劝阻", "validity": "valid"}).status_code == 200
    return complaint


def follow_ups(person: Person) -> list[Any]:
    items: list[Any] = person.read("/tickets", kind="followup")["items"]
    return items


@pytest.mark.rule("D3")
def test_whom_a_complaint_is_about_is_never_handed_its_follow_up_nor_reads_it_behind_a_figure(counter: Counter) -> None:
    anna, bert = counter.person(Role.AGENT, "anna"), counter.person(Role.AGENT, "bert")
    boss, lead = counter.person(Role.LEADER, "boss"), counter.person(Role.LEADER, "lead")
    now = counter.clock.now()
    span = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}

    def complained(**about: str) -> Any:
        ticket = bert.opens("complaint", {"what": "态度差", **about}, category="service/desk", household_id=counter.households[0])
        assert boss.moves(ticket, "replied", {"measures": "已道歉", "validity": "valid"}).status_code == 200
        return ticket

    complained(about="anna")
    [task] = boss.read("/followups/tasks")["items"]
    assert claims(anna) is None
    assert anna.ask("POST", "/followups/claim", json={"task_id": task["task_id"]}).status_code == 404
    held = claims(bert)
    assert held["task"]["task_id"] == task["task_id"]
    tells(bert, held["claim_id"], "reached", score=3, how="phone")

    late = complained()
    held = claims(anna)
    assert held is not None, "it is about nobody yet"
    assert boss.changes(late, "PATCH", "", fields={"about": "anna"}).status_code == 200
    for path, said in (("result", {"outcome": "reached", "score": 1}), ("release", {})):
        assert anna.ask("POST", f"/followups/claims/{held['claim_id']}/{path}", json=said).status_code == 404, path
    assert claims(anna) is None
    assert claims(bert)["task"]["task_id"] == held["task"]["task_id"], "the claim was let go"

    complained(about="lead")
    for figure, of_all in (("made", 3), ("dissatisfied", 1), ("rated", 1)):
        assert len(boss.read("/followups/figures/rows", figure=figure, **span)["items"]) == of_all, figure
    assert len(lead.read("/followups/figures/rows", figure="made", **span)["items"]) == 2
    assert sum(one["made"] for one in lead.read("/followups/figures", **span)["kinds"]) == 2
    with counter.database.writing.begin() as session:
        rating = session.scalars(select(Rating)).one()
        rating.ticket_id = rating.answer_id = session.scalars(select(Ticket.id).where(Ticket.kind == "complaint").order_by(
            Ticket.id.desc()).limit(1)).one()
    for figure in ("dissatisfied", "rated"):
        assert lead.read("/followups/figures/rows", figure=figure, **span)["items"] == []


@pytest.mark.rule("D3")
def test_what_followed_from_a_follow_up_is_hidden_too_from_whom_the_complaint_turns_out_to_be_about(counter: Counter) -> None:
    anna, bert, boss = counter.person(Role.AGENT, "anna"), counter.person(Role.AGENT, "bert"), counter.person(Role.LEADER, "boss")
    first = bert.opens("written_complaint", {"sender": "李女士", "received_on": "2026-11-20", "what": "来信"}, category="letter",
                       household_id=counter.households[0])
    reply_by = "2026-11-27T18:00:00+08:00"
    for stage, fields in (("handling", {"acknowledged": "2026-11-22T10:00:00+08:00", "reply_by": reply_by}),
                          ("replied", {"validity": "valid", "found": "属实", "remedy": "已道歉", "sent_by": "hand"})):
        assert boss.moves(first, stage, fields).status_code == 200
    again = tells(anna, claims(anna)["claim_id"], "reached", score=3, how="phone")["followed_by"]
    assert anna.read(f"/tickets/{again}")["ticket"]["owner"] == "anna"
    assert boss.changes(first, "PATCH", "", fields={"about": "anna"}).status_code == 200
    assert anna.ask("GET", f"/tickets/{again}").status_code == 404
    assert boss.read(f"/tickets/{again}")["ticket"]["owner"] is None


@pytest.mark.rule("G4")
@pytest.mark.rule("E5")
def test_an_agent_is_handed_the_next_household_with_what_is_known_of_it_and_its_number(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    here, there = counter.households
    repair = agent.opens("repair", {"what": "漏水", "urgency": "urgent"}, household_id=there)
    assert agent.moves(repair, "finished", {"result": "已指导"}).status_code == 200
    counter.clock.advance(60)
    complaint = replied(agent, household_id=here)
    first, second = leader.read("/followups/tasks")["items"]
    assert [first["why"], second["why"]] == ["complaint", "repair"], "after a complaint within 48 hours comes first (E5)"
    assert (first["owner"], first["rank"], first["late"]) == ("agent", 1, False)
    held = claims(agent)
    assert held["task"]["task_id"] == first["task_id"]
    assert held["context"]["about"]["ticket_id"] == complaint["ticket_id"]
    assert [one["dial"] for one in held["numbers"]] == ["13800000001", "13800000091"]
    assert claims(agent)["claim_id"] == held["claim_id"], "the same one again"
    seen = leader.read(f"/followups/tasks/{first['task_id']}")
    assert seen["task"]["claimed_by"] == "agent"
    assert "13800000001" not in str(seen), "the number is for who holds the claim"
    other = counter.person(Role.AGENT, "bert")
    taken = other.ask("POST", "/followups/claim", json={"task_id": first["task_id"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "task_held")
    assert claims(other)["task"]["task_id"] == second["task_id"]
    done = tells(agent, held["claim_id"], "reached", score=1, said="满意", number_id=held["numbers"][0]["number_id"])
    assert (done["task"]["state"], done["task"]["outcome"], done["followed_by"]) == ("closed", "reached", None)
    ticket = agent.read(f"/tickets/{first['ticket_id']}")
    assert (ticket["ticket"]["stage"], ticket["fields"]["satisfied"], ticket["fields"]["tries"]) == ("done", 1, 1)
    again = agent.ask("POST", f"/followups/claims/{held['claim_id']}/result", json={"outcome": "reached", "score": 1, "said": "好"})
    assert (again.status_code, again.json()["code"]) == (409, "claim_lost")
    with counter.database.reading() as session:
        assert [entry.action for entry in audit_of(session, f"ticket:{first['ticket_id']}")] == ["followup.claimed"]
        assert session.scalars(select(Rating.thanked)).one() == "spoken"


@pytest.mark.rule("G2")
@pytest.mark.rule("G1", part="after a complaint, a repair; not satisfied")
def test_every_not_satisfied_is_followed_up_once_and_the_satisfied_are_thanked(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    repair = agent.opens("repair", {"what": "漏水", "urgency": "urgent"}, household_id=counter.households[0])
    assert agent.moves(repair, "finished", {"result": "已修"}).status_code == 200
    for score in (3, 3):
        assert leader.changes(repair, "PATCH", "", fields={"rating": score}).status_code == 200
    [task] = leader.read("/followups/tasks")["items"]
    assert (task["why"], task["dissatisfied"], task["rank"]) == ("repair", True, 2), "the one that is there is about it"
    held = claims(agent)
    done = tells(agent, held["claim_id"], "reached", score=3, said="还在漏")
    assert done["followed_by"] == repair["ticket_id"], "the repair goes back to work (E4)"
    assert leader.read(f"/tickets/{repair['ticket_id']}")["ticket"]["stage"] == "working"
    leader.changes(repair, "PUT", "/assignee", user="leader")
    sign = leader.ask("POST", f"/tickets/{repair['ticket_id']}/attachments", content=b"\x89PNG\r\n\x1a\n" + b"\0" * 40).json()
    assert leader.moves(repair, "tested", {"result": "再修"}).status_code == 200
    assert leader.moves(repair, "finished", {"signature": [sign["attachment_id"]]}).status_code == 200
    assert [one["state"] for one in follow_ups(leader)] == ["open", "closed"], "what was done again is followed up again"
    assert leader.moves(repair, "archived").status_code == 200
    held = claims(agent)
    done = tells(agent, held["claim_id"], "reached", score=3, said="仍不满意")
    complaint = leader.read(f"/tickets/{done['followed_by']}")["ticket"]
    assert (complaint["kind"], complaint["parent_id"], complaint["owner"]) == ("complaint", held["task"]["ticket_id"], "agent")
    praise = agent.opens("complaint", {"what": "电梯", "satisfied": 1}, household_id=counter.households[1])
    with counter.database.reading() as session:
        ratings = session.scalars(select(Rating).order_by(Rating.id)).all()
        assert [(one.source, one.score, one.answer_id is not None) for one in ratings] == [
            ("ticket", 3, True), ("followup", 3, True), ("followup", 3, True), ("ticket", 1, False)]
        told = session.scalars(select(OutboxEntry).where(OutboxEntry.what == "rating.thanks_due")).one()
        assert told.data["ticket"] == praise["ticket_id"]


@pytest.mark.rule("E4", part="not satisfied in the follow-up: the complaint goes up")
def test_who_is_not_satisfied_with_a_complaint_s_reply_sends_it_up_and_is_called_again_after_the_next(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    complaint = replied(agent, household_id=counter.households[0])
    done = tells(agent, claims(agent)["claim_id"], "reached", score=3, said="没有解决")
    assert done["followed_by"] == complaint["ticket_id"]
    read = leader.read(f"/tickets/{complaint['ticket_id']}")
    assert (read["ticket"]["stage"], read["fields"]["summary"]) == ("raised", "没有解决")
    assert leader.moves(complaint, "replied", {"found": "属实", "measures": "已整改", "validity": "valid"}).status_code == 200
    [task] = leader.read("/followups/tasks")["items"]
    assert (task["why"], task["tries"]) == ("complaint", 0)

    way = "raised: {who: [owner, agent, leader, supervisor], needs: [summary"
    more = shipped_texts()["complaint"].replace(way, f"{way}, found")
    well(counter.person(Role.MANAGER).ask("PUT", "/kinds/complaint", content=more.encode(), headers={"Content-Type": "text/yaml"}))
    other = replied(agent, household_id=counter.households[1], contact_number="13900001234")
    [task] = [one for one in leader.read("/followups/tasks")["items"] if one["household_id"] == counter.households[1]]
    done = tells(agent, claims(agent, task_id=task["task_id"])["claim_id"], "reached", score=3, said="没有解决")
    assert done["followed_by"] not in (None, other["ticket_id"]), "what cannot go up has a complaint of its own"
    read = leader.read(f"/tickets/{other['ticket_id']}")
    assert (read["ticket"]["stage"], read["fields"].get("summary")) == ("replied", None), "and is as it was"


@pytest.mark.rule("G4", part="result and next try")
def test_who_is_not_reached_is_tried_at_other_times_of_day_and_then_closed_as_not_reached(counter: Counter) -> None:
    """Noon of Shanghai is the afternoon; the next try is that evening, the one after it a morning."""
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    replied(agent, household_id=counter.households[0])
    local = []
    for _ in range(3):
        held = claims(agent)
        result = tells(agent, held["claim_id"], "not_reached", number_id=held["numbers"][0]["number_id"])
        if result["task"]["state"] == "closed":
            break
        task = leader.read(f"/followups/tasks/{held['task']['task_id']}")["task"]
        assert task["promised_at"] is None
        assert claims(agent) is None, "not before its time"
        with counter.database.reading() as session:
            next_at = session.get_one(FollowUpTask, task["task_id"]).next_at
        local.append(next_at.astimezone(counter.app.state.services.timezone).hour)
        counter.clock.advance((next_at - counter.clock.now()).total_seconds() + 1)
    assert local == [17, 9]
    assert (result["task"]["outcome"], result["task"]["tries"]) == ("not_reached", 3)
    assert leader.read(f"/tickets/{held['task']['ticket_id']}")["ticket"]["stage"] == "not_reached"


@pytest.mark.rule("G4", part="promised times, quiet hours, wrong numbers, do not call")
def test_a_time_that_the_household_named_comes_first_and_holds_in_quiet_hours_too(counter: Counter) -> None:
    agent, bert, leader = counter.person(Role.AGENT), counter.person(Role.AGENT, "bert"), counter.person(Role.LEADER)
    replied(agent, household_id=counter.households[0])
    held = claims(agent)
    late = (counter.clock.now() + timedelta(hours=9)).isoformat()       # nine in the evening
    assert tells(agent, held["claim_id"], "later", later_at=late)["task"]["promised_at"] is not None
    replied(agent, household_id=counter.households[1])
    counter.clock.advance(9 * HOUR + 1)
    mine = claims(agent)
    assert mine["task"]["task_id"] == held["task"]["task_id"], "they have named the time themselves"
    assert claims(bert) is None, "the other one is not rung after eight in the evening"
    quiet = bert.ask("POST", "/followups/claim", json={"task_id": leader.read("/followups/tasks")["items"][-1]["task_id"]})
    assert (quiet.status_code, quiet.json()["code"]) == (409, "quiet_hours")
    wrong = tells(agent, mine["claim_id"], "wrong_number", number_id=mine["numbers"][0]["number_id"])
    assert wrong["task"]["state"] == "open"
    home = leader.read(f"/households/{counter.households[0]}")["household"]
    assert [one["bounced_at"] is None for one in home["people"][0]["numbers"]] == [False, True], "marked for the desk"
    counter.clock.advance(12 * HOUR)
    again = claims(agent, task_id=mine["task"]["task_id"])
    assert [one["dial"] for one in again["numbers"]] == ["13800000091"]
    unfit = agent.ask("POST", f"/followups/claims/{again['claim_id']}/result", json={"outcome": "refused", "do_not_call": True})
    assert (unfit.status_code, unfit.json()["code"]) == (422, "result_unfit"), "whose number was it?"
    dialled = again["numbers"][0]["number_id"]
    refused = tells(agent, again["claim_id"], "refused", do_not_call=True, number_id=dialled, said="别再打")
    assert (refused["task"]["state"], refused["task"]["outcome"]) == ("closed", "refused")
    assert leader.read(f"/households/{counter.households[0]}")["household"]["people"][0]["no_call_since"] is not None
    counter.clock.advance(HOUR)
    replied(agent, household_id=counter.households[0])
    assert claims(agent)["task"]["household_id"] == counter.households[1], "consent is asked for anew at each claim"
    assert claims(bert) is None
    [blocked] = leader.read("/followups/tasks", state="blocked")["items"]
    assert (blocked["household_id"], blocked["blocked"]) == (counter.households[0], "no_call")


@pytest.mark.rule("G4", part="consent, of a number that is not the household's own too")
def test_the_number_a_caller_left_is_not_rung_when_its_owner_withdrew_or_never_gave_the_consent_that_is_needed(
        counter: Counter) -> None:
    """The neighbour of the second household left her number with a complaint of the first; then somebody whom nobody knows."""
    neighbour, stranger = "+8613800000002", "+8613700001111"
    with counter.database.writing.begin() as session:
        own = select(PhoneNumber.person_id).where(PhoneNumber.number == neighbour).scalar_subquery()
        ident = session.scalar(select(Resident.id).where(Resident.id == own)) or 0
        session.add(Consent(person_id=ident, what="calls", how="phone", given_at=counter.clock.now(), taken_by="agent"))
    asked, needed = FollowUps(), FollowUps(consent_needed=True)

    def rung(number: str, rule: FollowUps) -> tuple[list[str], str | None]:
        with counter.database.reading() as session:
            found, why = whom(session, None, number, rule)
            return [one.number for one in found], why

    assert [rung(number, asked) for number in (neighbour, stranger)] == [([neighbour], None), ([stranger], None)]
    assert [rung(number, needed) for number in (neighbour, stranger)] == [([neighbour], None), ([], "no_consent")]
    with counter.database.writing.begin() as session:
        given = session.scalars(select(Consent).where(Consent.person_id == ident)).one()
        given.withdrawn_at, given.withdrawn_by = counter.clock.now(), "agent"
    assert [rung(neighbour, rule) for rule in (asked, needed)] == [([], "no_consent")] * 2


@pytest.mark.rule("G4", part="one household, one agent")
def test_of_eight_agents_who_claim_at_once_each_household_has_one_and_a_claim_that_died_runs_out(counter: Counter) -> None:
    agent = counter.person(Role.AGENT)
    for home in counter.households:
        replied(agent, household_id=home)
    with counter.database.writing.begin() as session:
        people = [User(name=f"a{n}", roles=["agent"], password_hash="-", created_at=counter.clock.now()) for n in range(8)]
        session.add_all(people)
        session.flush()
        actors = [Actor(one.name, one.id, frozenset({Role.AGENT})) for one in people]
    got: list[tuple[int, int]] = []
    start = threading.Barrier(len(actors))

    def take(actor: Actor) -> None:
        start.wait(60)
        with counter.database.writing.begin() as session:
            held = claim(session, actor, Wish(), counter.clock.now(), FollowUps())
            if held is not None:
                got.append((held.task.id, actor.user_id or 0))

    threads = [threading.Thread(target=take, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({task for task, _ in got}) == len(got) == 2
    assert claims(agent) is None
    counter.clock.advance(15 * 60 + 1)      # both died between claim and result
    assert claims(agent)["task"]["task_id"] in {task for task, _ in got}
