"""Who may do what (K1): every route × every role × own and other estate, asked of the application itself.

The table of tests/desk/authorisation.py is what a reviewer reads.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk.authorisation import Rule, rules
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.orm import Session
from wall.rig import prepared

from callcenter.roles import Role
from crm.bills.models import Charge, Settlement
from crm.callbacks.models import CallbackRow
from crm.callers.models import Treatment
from crm.calls.models import CallRow, ContactEntry
from crm.complaints.letters.models import Letter, LetterTemplate
from crm.database import Database, open_database
from crm.households.models import Building, Consent, Estate, Household, HouseholdTag, Person, PhoneNumber
from crm.incidents.declared.load import types_of
from crm.incidents.declared.models import Broadcast, Emergency, EmergencyAct, EmergencyProposal, EmergencyReport
from crm.incidents.declared.schema import kept
from crm.kinds.service import put_shipped
from crm.knowledge.models import (
    KnowledgeEstate,
    KnowledgeItem,
    KnowledgeSearch,
    KnowledgeStamp,
    KnowledgeVersion,
)
from crm.outages.models import LostCaller, OutageRow
from crm.recordings.models import RecordingNote
from crm.repairs.models import Price, RepairStep, WorkOrder
from crm.requests.models import HandedIn
from crm.roster.models import Shift
from crm.shifts.models import LeaderShift
from crm.staff import service as staff
from crm.staff.models import User
from crm.tickets.models import Ticket
from dashboard.access import COOKIE
from dashboard.app import create_app

# Not in the table: signing in, and the probe that says nothing. tests/unit/dashboard/test_routes.py knows them.
OPEN = {("POST", "/session"), ("GET", "/healthz")}
LEAVES = {"DELETE /session", "POST /floor/sign-in", "POST /floor/sign-out", "POST /floor/move"}    # end or move the session
REASON = {"reason": "a caller asks"}
# Bodies with which a route gets as far as looking whose the thing is; the others may refuse an empty one.
_ENTRY = {"content": {"category": "fees", "zh": {"question": "x", "answer": "y"}}}
_SCRIPT = {"content": {"use": "greeting", "zh": {"title": "x", "text": "y"}}}
BODIES: dict[str, Any] = {
    "PUT /knowledge/{item_id}": _ENTRY, "PUT /scripts/{script_id}": _SCRIPT,
    **{f"POST /{where}/approve": {"number": 1} for where in ("knowledge/{item_id}", "scripts/{script_id}")},
    **{f"POST /{where}/decline": {"number": 1, "reason": "x"} for where in ("knowledge/{item_id}", "scripts/{script_id}")},
    **{f"POST /{where}/retire": {"reason": "x"} for where in ("knowledge/{item_id}", "scripts/{script_id}")},
    "POST /knowledge/searches/{search_id}/settle": {},
    "POST /emergencies/{emergency_id}/steps/{step}": {"what": "done"}, "POST /emergencies/{emergency_id}/notes": {"text": "x"},
    "POST /emergencies/{emergency_id}/conditions": {"conditions": ["x"]},
    "POST /emergencies/{emergency_id}/records": {"record": "x", "value": "x"},
    "POST /emergencies/{emergency_id}/level": {"level": 2}, "POST /emergencies/{emergency_id}/hand-over": {"to": "leader"},
    "POST /emergencies/{emergency_id}/over": {"text": "x"}, "POST /emergencies/{emergency_id}/chat": {"robots": ["x"]},
    "POST /tickets/{ticket_id}/move": {"to": "dispatched"}, "POST /tickets/{ticket_id}/notes": {"text": "x"},
    "POST /tickets/{ticket_id}/letters": {"code": "result"}, "POST /letters/{letter_id}/sent": {"how": "post"},
    "POST /tickets/{ticket_id}/reveal": REASON | {"field": "contact_number"},
    "PUT /tickets/{ticket_id}/assignee": {"user": "engineer"},
    "POST /tickets/{ticket_id}/owner/offer": {"user": "leader", "summary": "x"},
    "POST /tickets/{ticket_id}/owner/decline": REASON, "PUT /tickets/{ticket_id}/parent": {"parent_id": None},
    "POST /tickets/{ticket_id}/department": {"department": "works", "question": "x"},
    "POST /tickets/{ticket_id}/department/answer": {"answer": "x"},
    "POST /tickets/{ticket_id}/calls": {"contact_number": "10086"},
    "POST /repairs/steps/{step_id}/dealt": {"note": "x"}, "POST /repairs/{ticket_id}/dispatch": {},
    "POST /repairs/{ticket_id}/take-back": REASON, "POST /repairs/{ticket_id}/grade": {"grade": "b"},
    "POST /repairs/{ticket_id}/rework": {"of": 1}, "POST /repairs/{ticket_id}/steps": {"steps": []},
    "POST /repairs/{ticket_id}/charges": {"code": "labour"},
    "POST /repairs/{ticket_id}/settlements": {"method": "on_account", "amount": "1.00"},
    "POST /repairs/{ticket_id}/settlements/{settlement_id}/reverse": REASON,
    "PATCH /roster/shifts/{shift_id}": {"begins_at": "2026-11-22T00:00:00Z", "ends_at": "2026-11-22T08:00:00Z"},
    "POST /households/{household_id}/reveal": REASON | {"what": "number", "of": 1},
    "POST /households/{household_id}/people": {"name": "x", "role": "owner"},
    "POST /households/{household_id}/people/{person_id}/end": {"on": "2026-11-22"},
    "POST /households/{household_id}/people/{person_id}/numbers": {"number": "13800000009"},
    "POST /households/{household_id}/people/{person_id}/consents": {"what": "survey", "how": "phone"},
    "PUT /households/{household_id}/people/{person_id}/do-not-call": REASON, "POST /people/{person_id}/erase": REASON,
    "PATCH /contact-log/{entry_id}": {"declined_contact": True, "matter": "x", "kind": "repair", "result": "y"},
    "PUT /outages/{outage_id}/cause": {"cause": "x"},
    "POST /calls/{call_id}/reveal": REASON | {"field": "number"}, "POST /callbacks/{callback_id}/reveal": REASON,
    "POST /recordings/{call_id}/notes": {"at_s": 0, "text": "x"}, "POST /recordings/{call_id}/export": REASON,
    "PUT /recordings/{call_id}/greeting": {"said": True},
    "POST /contact-log/{entry_id}/reveal": REASON | {"field": "matter"}, "POST /nuisance/{treatment_id}/reveal": REASON,
}
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def seed(database: Database) -> None:
    """Two estates with a row of everything each. For each role a user who is bound to the first, `own-<role>`."""
    with database.writing.begin() as session:
        put_shipped(session, NOON)
        for number, side in enumerate(("own", "other"), start=1):
            session.add(Estate(id=number, name=f"{side} estate"))
            session.flush()
            session.add(Building(id=number, estate_id=number, name="1"))
            session.flush()
            session.add(Household(id=number, building_id=number, estate_id=number, unit="1", room=side, label=f"1-1-{side}",
                                  room_key=f"1-1-{side}", tags=[]))
            session.flush()
            session.add(Person(id=number, household_id=number, name=f"{side} person", role="owner"))
            session.flush()
            session.add(PhoneNumber(id=number, number=f"+861380000000{number}", person_id=number, added_at=NOON))
            session.add(Consent(person_id=number, what="calls", how="phone", given_at=NOON, taken_by="agent"))
            call_id, number_of = f"node1-{number}.{side}", f"1380000000{number}"
            session.add(CallRow(
                call_id=call_id, node="node1", dialled="8000", number=number_of, household_id=number, menu_keys=[],
                queue="repair", stage=0, entered_at=NOON, queued_at=NOON, rang_at=NOON, answered_at=NOON + timedelta(seconds=9),
                ended_at=NOON + timedelta(minutes=1), answered_by="1001", answered_agent="1001", seats_rung=[],
                outcome="answered", wait_s=9.0, talk_s=51.0, fold={}, recording=f"{side}.wav", recording_state="kept",
                recording_sha256="0" * 64, recording_s=1.0))
            session.add(ContactEntry(id=number, source="call", call_id=call_id, seat="1001", at=NOON, household_id=number,
                                     contact=number_of, matter="x", declined_contact=False))
            session.add(Ticket(id=number, number=f"C20261122-{side}", kind="repair", household_id=number, call_id=call_id,
                               estate_id=number, stage="reported", fields={}, created_at=NOON))
            session.flush()
            _repair_of(session, number, side)
            session.add(HandedIn(ticket_id=number, by_id=900 + number, at=NOON, words=side, place=side))
            _emergency_of(session, number, side)
            template = LetterTemplate(kind="repair", code=side, language="zh", version=1, subject="x", body="x", written_at=NOON)
            session.add(template)
            session.flush()
            session.add(Letter(id=number, ticket_id=number, template_id=template.id, language="zh", state="draft", subject="x",
                               body="x", drafted_at=NOON))
            session.add(HouseholdTag(tag="vacant", household_id=number))
            session.add(CallbackRow(callback_id=call_id, queue="repair", number=number_of, household_id=number, state="waiting",
                                    attempts=0, asked_at=NOON, since=NOON))
            _known(session, number, side)
            for search in (number, number + 2):     # the first one is settled by whoever may; the other stays on the list
                session.add(KnowledgeSearch(id=search, at=NOON, day=NOON.date(), estate_id=number, language="zh", text=side,
                                            ranked_with="bm25", offered=[], outcome="none_helped"))
            # One that nobody cancels: while somebody waits for it, nobody is forgotten.
            session.add(CallbackRow(callback_id=f"node1-9{number}.{side}", queue="repair", number=number_of, household_id=number,
                                    state="waiting", attempts=0, asked_at=NOON, since=NOON))
        session.execute(update(KnowledgeStamp).values(stamp=2))
        session.add(OutageRow(outage_id="database-20261122-040000", component="database", detail="", began_at=NOON, lost=2))
        session.flush()
        session.add_all(LostCaller(call_id=f"node1-{number}.{side}", outage_id="database-20261122-040000", at=NOON, how="lost",
                                   rings=True) for number, side in enumerate(("own", "other"), start=1))
        session.add(LeaderShift(id=1, user_id=901, who="x", began_at=NOON, how="begun", on=True))
        session.add(Treatment(number="13900000000", level="warn", state="active", reason="x", by="leader", at=NOON))
        for role in Role:
            session.add(User(name=f"own-{role.value}", roles=[role.value], estates=[1], password_hash="-", created_at=NOON))


def _repair_of(session: Session, number: int, side: str) -> None:
    """Somebody's who is in no test: nobody else's order is theirs."""
    user = User(id=900 + number, name=f"{side}-nobody", roles=[], password_hash="-", active=True, created_at=NOON)
    session.add_all([user, Price(id=number, code=side, estate_id=number, zh=side, en=side, sort="part", unit="个", price=Decimal(1),
                                 free_in_warranty=False, valid_from=NOON, made_at=NOON, made_by="x")])
    session.flush()
    order = WorkOrder(id=number, number=f"C20261122-{side}-1", ticket_id=number, run=1, engineer_id=user.id, state="taken_back",
                      dispatched_at=NOON, ended_at=NOON, reasons=[])
    session.add(order)
    session.flush()
    session.add_all([
        *(RepairStep(id=ident, ticket_id=number, order_id=order.id, user_id=user.id, client_id=f"{ident}", what="accepted", data={},
                     digest="-", done_at=NOON, arrived_at=NOON, flags=[], faults=[], outcome="kept", code="re_dispatched",
                     to_see=True) for ident in (number, 10 + number)),      # one is dealt with, one stays
        Settlement(id=number, ticket_id=number, at=NOON, who="x", method="cash", amount=Decimal(1), lines=[]),
        Charge(id=number, ticket_id=number, price_id=number, code=side, name=side, sort="part", unit="个", quantity=Decimal(1),
               unit_price=Decimal(1), discount=Decimal(0), free=False, amount=Decimal(1), at=NOON, who="x"),
        Shift(id=number, user_id=user.id, duty=side, estate_id=number, begins_at=NOON, ends_at=NOON + timedelta(hours=8),
              made_at=NOON, made_by="x")])


def _emergency_of(session: Session, number: int, side: str) -> None:
    """One that somebody declared who is in no test, with its report and its calls; and one that is proposed."""
    nobody, place = 900 + number, {"estate_id": number, "building_id": number}
    session.add_all([
        Emergency(id=number, type="vehicle", definition=kept(types_of(Path("/nowhere")).types["vehicle"]), ticket_id=number,
                  drill=False, phase="active", level=3, place=side, summary=side, happened_at=NOON, declared_at=NOON,
                  declared_by="x", commander_id=nobody, commander="x", notice="", steps_open=4, steps_late=0, **place),
        EmergencyProposal(id=number, because="calls", topic=side, type=None, kind="repair", category=side, callers=5, tickets=[],
                          first_at=NOON, at=NOON, state="proposed", **place)])
    session.flush()
    session.add_all([
        EmergencyAct(emergency_id=number, place=1, at=NOON, who="x", user_id=nobody, what="declared", step="", level=3, said=[],
                     text=""),
        EmergencyReport(emergency_id=number, language="zh", what=side, occurred="", place="", course="", conclusion="",
                        state="draft", drafted_at=NOON),
        Broadcast(id=number, emergency_id=number, at=NOON, who="x", prompts=[], until=NOON, urgent=False, state="over")])


def _known(session: Session, estate: int, side: str) -> None:
    """An entry and a script of the estate, besides those that are shipped."""
    words = {"question": f"zzqx {side}", "answer": "x"}, {"title": f"zzqx {side}", "text": "x"}
    contents = (("entry", {"category": "fees", "zh": words[0]}), ("script", {"use": "greeting", "zh": words[1]}))
    for item, (sort, content) in zip((900 + estate, 902 + estate), contents, strict=True):
        session.add(KnowledgeItem(id=item, sort=sort, code=side, title=f"zzqx {side}", newest=1, shown=1, version=1, stamp=2,
                                  created_at=NOON, updated_at=NOON))
        session.flush()
        session.add(KnowledgeVersion(id=item, item_id=item, number=1, state="approved", at=NOON, by="leader",
                                     content=content | {"estates": [estate]}))
        session.flush()
        session.add(KnowledgeEstate(version_id=item, estate_id=estate))


class Hotline:
    """The application, asked as a user who has just signed in at seat 1001."""

    def __init__(self, app: FastAPI, database: Database) -> None:
        self._app, self._database = app, database
        with database.reading() as session:
            self._tokens: dict[str, str] = {}
            self._users = {user.name: user.user_id for user in staff.users(session)}

    async def ask(self, client: httpx.AsyncClient, rule: Rule, user: str | None, role: Role, *,
                  other: bool = False) -> httpx.Response:
        cookies = {COOKIE: self._token(user, fresh=rule.name in LEAVES)} if user is not None else {}
        if "{note_id}" in rule.path:
            self._write_notes()
        body = None if rule.method == "GET" else BODIES.get(rule.name, {})
        if body and "of" in body:
            body = body | {"of": 2 if other else 1}      # whose number is to be shown
        headers = {"If-Match": '"0"', "Idempotency-Key": uuid.uuid4().hex}      # no version of anything: nothing is changed
        headers |= {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
        return await client.request(rule.method, rule.url(role, other=other), json=body, headers=headers)

    def _token(self, user: str, *, fresh: bool) -> str:
        if fresh or user not in self._tokens:
            with self._database.writing.begin() as session:
                token = staff.sign_in(session, self._users[user], datetime.now(UTC), seat="1001")
            if fresh:
                return token
            self._tokens[user] = token
        return self._tokens[user]

    def _write_notes(self) -> None:
        """Anew each time: whoever may drop one has dropped it."""
        with self._database.writing.begin() as session:
            for number, side in enumerate(("own", "other"), start=1):
                session.merge(RecordingNote(id=number, call_id=f"node1-{number}.{side}", at_s=0.0, text="x", who="leader",
                                            user_id=None, created_at=NOON))

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://sixring")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, Hotline]]:
    settings = prepared(tmp_path_factory.mktemp("matrix"), 0, "redis://127.0.0.1:1/0", (), ())
    database = open_database(settings.database_url)
    seed(database)
    settings.recordings.mkdir()
    for side in ("own", "other"):
        (settings.recordings / f"{side}.wav").write_bytes(bytes(44 + 16_000))
    made = create_app(settings, pages=Path("/nowhere"))
    yield made, Hotline(made, database)
    database.close()
    made.state.services.database.close()


def described(app: FastAPI) -> set[tuple[str, str]]:
    return {(method.upper(), path.removeprefix("/api/v1")) for path, methods in app.openapi()["paths"].items()
            for method in methods}


@pytest.mark.rule("K1", part="each route's roles and estates")
def test_every_route_has_a_rule_and_every_rule_a_route(app: tuple[FastAPI, Hotline]) -> None:
    told = {(rule.method, rule.path.partition("?")[0]) for rule in rules()}
    assert sorted(described(app[0]) - OPEN - told) == [], "routes without a rule in RULES"
    assert sorted(told - described(app[0])) == [], "rules without a route"


@pytest.mark.rule("K1", part="each route's roles and estates")
def test_every_route_answers_the_roles_of_its_rule_and_refuses_all_others(app: tuple[FastAPI, Hotline]) -> None:
    async def wrong() -> list[str]:
        found = []
        async with app[1].client() as client:
            for rule in rules():
                if (status := (await app[1].ask(client, rule, None, Role.ADMIN)).status_code) != 401:
                    found.append(f"{rule.name}: {status} to who is not signed in")
                for role in Role:
                    status = (await app[1].ask(client, rule, role.value, role)).status_code
                    refused = status in (401, 403)
                    by_kind = rule.by_kind and status == 403 and role in rule.roles
                    if (refused == (role in rule.roles) and not by_kind) or status == 500:
                        found.append(f"{rule.name}: {status} to {role.value}")
        return found

    assert "\n".join(asyncio.run(wrong())) == ""


@pytest.mark.rule("K1", part="each route's roles and estates")
def test_who_is_bound_to_an_estate_sees_and_does_nothing_in_another(app: tuple[FastAPI, Hotline]) -> None:
    """The same user of all estates sees both, or the test would show nothing."""
    async def wrong() -> list[str]:
        found = []
        async with app[1].client() as client:
            for rule in (rule for rule in rules() if rule.estates != "-"):
                answers = [await _bound(app[1], client, rule, role) for role in sorted(rule.roles)]
                found += [fault for answer in answers for fault in answer.faults]
                found += [] if any(answer.shown for answer in answers) else [f"{rule.name}: nobody is shown anything"]
        return found

    assert "\n".join(asyncio.run(wrong())) == ""


@dataclass(frozen=True)
class Bound:
    faults: list[str]
    shown: bool              # the own estate's to who is bound to it, the other one's to who is not


async def _bound(hotline: Hotline, client: httpx.AsyncClient, rule: Rule, role: Role) -> Bound:
    name, bound = f"{rule.name} as {role.value}", f"own-{role.value}"
    if rule.estates == "rows":
        free = (await hotline.ask(client, rule, role.value, role)).text
        own = (await hotline.ask(client, rule, bound, role)).text
        return Bound([f"{name}: shows the other estate"] if "other" in own else [], "other" in free and "own" in own)
    free_code = _code(await hotline.ask(client, rule, role.value, role, other=True))
    own_code = _code(await hotline.ask(client, rule, bound, role))
    other = await hotline.ask(client, rule, bound, role, other=True)
    refused = (other.status_code, _code(other)) == (404, "not_found")
    hidden = rule.by_kind and other.status_code == 403 and own_code == "forbidden"
    return Bound([] if refused or hidden else [f"{name}: {other.status_code} for the other estate"],
                 "not_found" not in (free_code, own_code))


def _code(answer: httpx.Response) -> str | None:
    """Of a problem; None for an answer that is none."""
    return answer.json()["code"] if answer.headers.get("content-type") == "application/problem+json" else None
