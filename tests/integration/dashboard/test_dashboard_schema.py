"""Whatever is sent to the API, it answers as its own description says, and never with a fault of its own.

Every operation is sent the same made-up requests by an administrator and by an agent. Half of them are aimed: at things
that are there, in the version that they have, so that not all of them end at a 404.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from hotline.households import LI, WANG, ZHAO, load
from hotline.own_redis import Redis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select
from wall.orders import OrdersReader
from wall.rig import DashboardThread, signed_in

from callcenter.roles import Role
from callcenter.settings import Settings
from crm.callin.models import CallInPerson, CallInRow
from crm.complaints.letters.models import Letter, LetterTemplate
from crm.database import open_database
from crm.kinds.service import put_shipped
from crm.outages.models import OutageRow
from crm.reports.schedules.models import ReportSchedule
from crm.staff.models import User
from crm.surge.models import SurgeReport
from crm.surge.situation import SITUATION, Situation

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
ENDS_THE_SESSION = "DELETE /api/v1/session"
EXAMPLES = 2        # of each operation, sent by both users
# Aimed at: what the scene below has. Whatever else a path names is made up.
THERE = {"ticket_id": "1", "household_id": "1", "person_id": "1", "number_id": "1", "webhook_id": "1", "kind": "enquiry",
         "item_id": "40", "script_id": "1", "search_id": "1", "version": "1", "report_id": "tickets", "code": "1001",
         "queue": "repair", "shift_id": "1", "skill": "plumbing", "letter_id": "1", "template_id": "1", "task_id": "1",
          "claim_id": "1", "plan_id": "1", "schedule_id": "1", "outage_id": "database-20261122-040000", "situation_id": "1",
          "fallen_id": "1", "emergency_id": "1", "proposal_id": "1", "broadcast_id": "1", "step": "ask", "call_in_id": "1",
          "call_in_person": "1", "drill_id": "1", "request_id": "6"}
REPAIR = "4"        # the ticket that is one

Users = dict[Role, requests.Session]
Seen = defaultdict[str, set[int]]


@pytest.fixture(scope="module")
def users(rig: tuple[Redis, Settings, DashboardThread]) -> Iterator[Users]:
    store, instance, dashboard = rig
    _scene(instance)
    found: Users = {}
    for role in (Role.ADMIN, Role.AGENT):
        with signed_in(dashboard.url, role) as client:
            found[role] = requests.Session()
            found[role].cookies.update(dict(client.cookies))
    with OrdersReader(store.url):
        agent, admin = found[Role.AGENT], found[Role.ADMIN]
        for _ in range(3):
            made = agent.post(f"{dashboard.url}/api/v1/tickets",
                              json={"kind": "enquiry", "household_id": 1, "fields": {"what": "when does the pool open?"}})
            assert made.status_code == 201, made.text
        _letter(instance)
        made = agent.post(f"{dashboard.url}/api/v1/tickets", json={
            "kind": "repair", "household_id": 1, "category": "water", "fields": {"what": "a tap drips", "urgency": "ordinary"}})
        assert str(made.json()["ticket"]["ticket_id"]) == REPAIR
        shift = {"user": "engineer", "duty": "engineer", "begins_at": "2026-11-22T00:00:00Z", "ends_at": "2026-11-22T08:00:00Z"}
        assert admin.post(f"{dashboard.url}/api/v1/roster/shifts", json=shift).status_code == 201
        emergency = agent.post(f"{dashboard.url}/api/v1/emergencies", json={
            "type": "other", "place": "x", "what": "x", "household_id": 1})
        assert emergency.status_code == 201, emergency.text
        handed = agent.post(f"{dashboard.url}/api/v1/requests", json={
            "kind": "enquiry", "estate_id": 1, "place": "x", "words": "when does the pool open?"})
        assert str(handed.json()["request_id"]) == THERE["request_id"], handed.text
        for session, seat in ((agent, "1001"), (admin, "1002")):
            assert session.post(f"{dashboard.url}/api/v1/floor/sign-in", json={"seat": seat}).status_code == 200
        hook = admin.post(f"{dashboard.url}/api/v1/webhooks", json={"url": "https://hooks.example/", "events": ["*"]})
        assert hook.status_code == 201, hook.text
        yield found
    for session in found.values():
        session.close()


def _letter(instance: Settings) -> None:
    database = open_database(instance.database_url)
    with database.writing.begin() as session:
        words = LetterTemplate(kind="enquiry", code="result", language="zh", version=1, subject="x", body="x",
                               written_at=datetime.now(UTC), approved_at=datetime.now(UTC))
        session.add(words)
        session.flush()
        session.add(Letter(ticket_id=1, template_id=words.id, language="zh", state="draft", subject="x", body="x",
                           drafted_at=datetime.now(UTC)))
    database.close()


def _scene(instance: Settings) -> None:
    database = open_database(instance.database_url)
    load(database, datetime.now(UTC), WANG, LI, ZHAO)
    with database.writing.begin() as session:
        put_shipped(session, datetime.now(UTC))
        session.add(OutageRow(outage_id=THERE["outage_id"], component="database", detail="", began_at=datetime.now(UTC)))
        admin = session.scalars(select(User.id).where(User.name == Role.ADMIN.value)).one()
        session.add(SurgeReport(at=datetime.now(UTC), by="admin", tier=0, facts=SITUATION.dump_python(
            Situation(datetime.now(UTC), 0, None), mode="json")))
        session.add(CallInPerson(name="x", tier=2, number="", skills=[], language="zh", place=0, active=True))
        session.add(CallInRow(tier=2, reason="x", skills=[], begun_at=datetime.now(UTC), begun_by="admin"))
        session.add(ReportSchedule(
            owner_id=admin, report="tickets", period="yesterday", given={}, language="zh", form="xlsx", every="daily", at="08:00",
            weekday=0, day=1, users=["admin"], robots=[], next_at=None, paused_because="by_hand", created_at=datetime.now(UTC)))
    database.close()


def test_the_api_keeps_to_its_description_for_an_administrator_and_for_an_agent(users: Users, url: str) -> None:
    document = users[Role.ADMIN].get(f"{url}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    operations = {found.ok().label: found.ok() for found in schema.get_all_operations()}
    described = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert set(operations) == described
    assert len(operations) >= 100
    seen: Seen = defaultdict(set)
    for label in sorted(described - {ENDS_THE_SESSION}, key=_when):
        _hold(operations[label], users, seen)
    reached = {label for label, statuses in seen.items() if any(status < 300 for status in statuses)}
    reads = {label for label in described if label.startswith("GET")}
    assert len(reads & reached) >= 0.75 * len(reads), sorted(reads - reached)      # or it has shown nothing but refusals
    assert len(reached) >= 0.5 * len(described), sorted(described - reached)


def _when(label: str) -> tuple[bool, str]:
    """What takes things away comes last."""
    return label.startswith("DELETE") or label.endswith(("/end", "/sign-out")), label


def _hold(operation: schemathesis.APIOperation[Any, Any, Any], users: Users, seen: Seen) -> None:
    @given(case=st.one_of(operation.as_strategy(schemathesis.GenerationMode.POSITIVE),
                          operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)), aimed=st.booleans())
    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate, Phase.explicit],
              suppress_health_check=list(HealthCheck))
    def hold(case: schemathesis.Case, aimed: bool) -> None:
        for session in users.values():
            if aimed:
                _aim(case, session)
            answer = case.call(session=session)
            case.validate_response(answer, checks=CHECKS)
            seen[operation.label].add(answer.status_code)

    hold()


def _aim(case: schemathesis.Case, session: requests.Session) -> None:
    there = THERE | {"ticket_id": REPAIR} if case.operation.path.startswith("/api/v1/repairs/") else THERE
    for name in case.path_parameters or {}:
        if name in there:
            case.path_parameters[name] = there[name]
    if "{report_id}" in case.operation.path:
        case.query = {}       # hardly any made-up parameter is one that the report takes
    declared = {parameter.name for parameter in case.operation.headers}
    if "If-Match" in declared and (found := re.match(r"(/api/v1/[a-z-]+/)\{(\w+)\}", case.operation.path)):
        read = session.get(f"{case.operation.base_url}{found[1]}{there.get(found[2], '1')}")
        case.headers["If-Match"] = read.headers.get("ETag", '"1"')
