"""Any employee hands in a request for a household, and the desk does the rest (I5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter, Person
from desk.stories import faults, notices, until, well

from callcenter.roles import Role
from crm.households.models import Building, Household
from crm.privacy.forget import forget_ticket
from crm.requests.models import HandedIn
from crm.tickets.models import Ticket

LEAK = {"kind": "repair", "place": "3栋1单元502室", "words": "厨房漏水, 打 13900001234", "urgency": "urgent",
        "contact_name": "王小明", "contact_number": "13900001234"}


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def hands_in(person: Person, counter: Counter, *, key: str | None = None, estate: int = 0, **given: Any) -> Any:
    return person.ask("POST", "/requests", key=key, json=LEAK | {"estate_id": counter.estates[estate]} | given)


def counts(row: Any) -> tuple[int, ...]:
    return tuple(row["counts"][name] for name in ("handed_in", "open", "closed", "followed_up"))


@pytest.mark.rule("I5")
def test_what_a_guard_hands_in_is_worked_on_by_the_desk_followed_up_counted_and_shown_to_the_guard_alone(counter: Counter) -> None:
    here, there = counter.estates
    guard, cleaner = (counter.person(Role.EMPLOYEE, name, [here]) for name in ("guard", "cleaner"))
    engineer, agent = counter.person(Role.ENGINEER, estates=[here]), counter.person(Role.AGENT)
    leader, other = counter.person(Role.LEADER, estates=[here]), counter.person(Role.LEADER, "other", [there])
    form = guard.read("/requests/form")
    assert [one["estate_id"] for one in form["estates"]] == [here]
    asked = {one["kind"]: [urgency["code"] for urgency in one["urgencies"]] for one in form["kinds"]}
    assert asked == {"repair": ["urgent", "ordinary", "complex"], "complaint": [], "suggestion": [], "enquiry": [], "praise": [],
                     "other": []}

    # Handed in once for its key: a ticket of the household, that nobody of the desk owns yet, with its clocks.
    leak = well(hands_in(guard, counter, key="one"))
    assert well(hands_in(guard, counter, key="one")) == leak
    assert (leak["kind_name"]["zh"], leak["stage_name"]["zh"], leak["state"], leak["by"]) == ("报修", "已受理", "open", "guard")
    assert leak.keys().isdisjoint({"household_id", "room", "contact_name", "contact_number"})
    ticket = agent.read(f"/tickets/{leak['request_id']}")
    shown = ticket["ticket"]
    assert (shown["household_id"], shown["room"], shown["owner"], shown["reason"]) == (
        counter.households[0], "3-1-502", None, "employee")
    assert shown["contact_number"] == "139****1234"
    assert ticket["fields"] | {"contact_name": ""} == {
        "what": LEAK["words"], "place": LEAK["place"], "urgency": "urgent", "contact_name": ""}
    [opened, *_] = agent.read(f"/tickets/{leak['request_id']}/timeline")["items"]
    assert (opened["what"], opened["who"]) == ("opened", "guard")
    assert agent.read(f"/tickets/{leak['request_id']}/clocks")["clocks"] != []
    # Where the room is none, or the kind has no field for what is said, it stands in the notes.
    loud = well(hands_in(cleaner, counter, kind="complaint", place="花园", words="很吵", urgency=None))
    shown = agent.read(f"/tickets/{loud['request_id']}")["ticket"]
    assert (shown["household_id"], shown["estate_id"], shown["notes"]) == (None, here, "花园\n王小明")
    asks = well(hands_in(engineer, counter, kind="enquiry", words="泳池几点开", urgency=None))

    # … nor where two rooms may be meant.
    with counter.database.writing.begin() as session:
        twin = Building(estate_id=here, name="3号楼")
        session.add(twin)
        session.flush()
        session.add(Household(building_id=twin.id, estate_id=here, unit="1", room="502", label="3-1-502", room_key="3-1-502",
                              tags=[]))
    light = well(hands_in(guard, counter, kind="other", words="楼道灯不亮", urgency=None, contact_name=None, contact_number=None))
    assert agent.read(f"/tickets/{light['request_id']}")["ticket"]["household_id"] is None

    # Refused: other kinds, other estates, what the form does not have, and everything else.
    for kind in ("emergency", "media", "nothing"):
        refused = hands_in(guard, counter, kind=kind)
        assert (refused.status_code, refused.json()["code"]) == (422, "kind_not_handed_in"), kind
    assert hands_in(guard, counter, estate=1).status_code == 404
    assert faults(hands_in(guard, counter, urgency=None)) == [("urgency", "missing")]
    assert faults(hands_in(guard, counter, kind="enquiry")) == [("urgency", "unknown_field")]
    assert faults(hands_in(guard, counter, kind="other", words="字" * 201, urgency=None)) == [("words", "too_long")]
    assert [guard.ask("GET", path).status_code for path in (
        "/tickets", f"/tickets/{leak['request_id']}", "/households", "/kinds", "/notices", "/requests/figures")] == [403] * 6
    assert faults(leader.changes(shown, "PUT", "/assignee", user="guard")) == [("assignee", "no_person")]

    # Each sees the own ones, who leads those of the estate, masked.
    def numbers(who: Person, /, **params: Any) -> list[str]:
        return [one["number"] for one in who.read("/requests", **params)["items"]]

    everybodys = [light["number"], asks["number"], loud["number"], leak["number"]]
    assert numbers(guard) == numbers(guard, mine=True) == [light["number"], leak["number"]]
    assert numbers(guard, person="cleaner") == []
    assert (numbers(engineer), numbers(cleaner)) == ([asks["number"]], [loud["number"]])
    assert (numbers(leader), numbers(leader, mine=True), numbers(other)) == (everybodys, [], [])
    assert guard.ask("GET", f"/requests/{loud['request_id']}").status_code == 404
    assert other.ask("GET", f"/requests/{loud['request_id']}").status_code == 404
    assert guard.read(f"/requests/{leak['request_id']}")["words"] == LEAK["words"]
    office = counter.person(Role.ADMIN).read(f"/requests/{leak['request_id']}")
    assert office["words"] == "厨房漏水, 打 139****1234"
    first = leader.read("/requests", limit=2)
    assert [one["number"] for one in first["items"]] == everybodys[:2]
    assert numbers(leader, limit=2, cursor=first["next"]) == everybodys[2:]

    # The desk has it: nobody took it on in time, the leader is told; then it is done, followed up and counted.
    until(counter, counter.clock.now() + timedelta(hours=2))
    assert any(kind == "repair" for kind, _, _ in notices(leader))
    assert well(agent.changes(ticket["ticket"], "POST", "/owner/accept"))["ticket"]["owner"] == "agent"
    well(agent.moves(ticket["ticket"], "finished", {"result": "关了阀门"}))
    [followup] = agent.read("/tickets", kind="followup")["items"]
    assert followup["parent_id"] == leak["request_id"]
    days = {"from": "2026-11-22", "to": "2026-11-22"}
    before = leader.read("/requests/figures", **days)
    assert (before["total"]["followed_up"], guard.read("/requests")["items"][1]["stage_name"]["zh"]) == (0, "已完工")
    well(agent.moves(followup, "done", {"how": "phone", "satisfied": 1}))
    well(agent.moves(ticket["ticket"], "archived"))
    done = guard.read(f"/requests/{leak['request_id']}")
    assert (done["stage_name"]["en"], done["state"], done["closed_at"] is None) == ("Archived", "closed", False)
    found = leader.read("/requests/figures", **days, by="person")
    assert {row["person"]: counts(row) for row in found["rows"]} == {
        "guard": (2, 1, 1, 1), "cleaner": (1, 1, 0, 0), "engineer": (1, 1, 0, 0)}
    [of_estate] = leader.read("/requests/figures", **days)["rows"]
    assert (of_estate["estate"], counts(of_estate)) == ("江湾", (4, 3, 1, 1))
    assert other.read("/requests/figures", **days)["rows"] == []
    assert leader.read("/requests/figures", **{"from": "2026-11-20", "to": "2026-11-21"})["rows"] == []
    assert leader.ask("GET", "/requests/figures", params=days | {"estate_id": there}).status_code == 404
    for row in found["rows"]:
        for figure, count in row["counts"].items():
            assert len(numbers(leader, person=row["person"], figure=figure, **days)) == count, (row["person"], figure)

    # Whom it is about does not know of it any more (D3); and what is forgotten is forgotten here too.
    well(leader.changes(shown, "PATCH", "", fields={"about": "cleaner"}))
    assert numbers(cleaner) == []
    assert cleaner.ask("GET", f"/requests/{loud['request_id']}").status_code == 404
    with counter.database.writing.begin() as session:
        row = session.get_one(Ticket, leak["request_id"])
        forget_ticket(session, row, counter.clock.now())
        assert session.get_one(HandedIn, row.id).words is None
    again = guard.read(f"/requests/{leak['request_id']}")
    assert (again["words"], again["place"], again["number"]) == (None, None, leak["number"])
