"""The manners over HTTP, on both databases, by routes that are as the desk's are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from callcenter.clock import FakeClock
from callcenter.errors import check_version
from callcenter.roles import Role
from crm.database import Database, open_database
from crm.outbox.models import OutboxEntry
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.staff.models import User
from crm.staff.schemas import SignedIn
from crm.staff.service import sign_in
from dashboard.access import COOKIE, require
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import describe_problems, install_problems, responses
from dashboard.services import Given, Reading, Services, Writing

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NEWEST = Order[OutboxEntry]("things", OutboxEntry.at, OutboxEntry.id, newest_first=True)
OLDEST = Order[OutboxEntry]("things-by-name", OutboxEntry.subject, OutboxEntry.id)
Desk = Annotated[SignedIn, Depends(require(Role.AGENT), scope="function")]


class ThingGiven(BaseModel):
    name: str = Field(max_length=20)


class ThingShown(BaseModel):
    thing_id: int
    name: str
    version: int


def things() -> FastAPI:
    """A list, a thing, making one, changing one: as a domain of the desk would write them."""
    app = FastAPI()

    def shown(row: OutboxEntry) -> ThingShown:
        return ThingShown(thing_id=row.id, name=row.subject, version=row.data["version"])

    @app.get("/things", responses=responses(401, 403, 422, 503))
    def listed(_: Desk, session: Reading, cursor: Cursor = None, limit: Limit = 50, by_name: bool = False) -> Page[ThingShown]:
        order = OLDEST if by_name else NEWEST
        return order.page(session.scalars(order.after(select(OutboxEntry), cursor).limit(limit + 1)).all(), limit, shown)

    @app.get("/things/{thing_id}", responses=responses(401, 403, 422, 503))
    def thing(_: Desk, session: Reading, response: Response, thing_id: int) -> ThingShown:
        found = shown(session.get_one(OutboxEntry, thing_id))
        response.headers["ETag"] = etag(found.version)
        return found

    @app.post("/things", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
    def make(_: Desk, session: Writing, once: Once, services: Given, response: Response, given: ThingGiven) -> ThingShown:
        def work() -> ThingShown:
            note(session, services.clock.now(), "thing.made", given.name, version=1)
            session.flush()
            return shown(session.scalars(select(OutboxEntry).order_by(OutboxEntry.id.desc()).limit(1)).one())

        made = once(ThingShown, work)
        response.headers["ETag"] = etag(made.version)
        return made

    @app.patch("/things/{thing_id}", responses=responses(400, 401, 403, *IF_MATCH, 422, 503))
    def change(_: Desk, session: Writing, if_version: IfMatch, thing_id: int, given: ThingGiven) -> ThingShown:
        row = session.get_one(OutboxEntry, thing_id, with_for_update=True)
        check_version(row.data["version"], if_version)
        row.subject, row.data = given.name, {"version": row.data["version"] + 1}
        return shown(row)

    install_problems(app)
    describe_problems(app)
    return app


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    made = open_database(migrated_url)
    yield made
    made.close()


class Client:
    """Asks the application in this process; several requests at once when several are given."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self._app = app
        self._token = token

    def __call__(self, method: str, path: str, **given: object) -> httpx.Response:
        return self.together((method, path, given))[0]

    def together(self, *requests: tuple[str, str, dict[str, object]]) -> list[httpx.Response]:
        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://here", cookies={COOKIE: self._token}) as client:
                return list(await asyncio.gather(*(client.request(method, path, **given) for method, path, given in requests)))

        return asyncio.run(ask())


def client_of(database: Database, app: FastAPI, name: str, role: Role = Role.AGENT) -> Client:
    with database.writing.begin() as session:
        user = User(name=name, roles=[role.value], password_hash="-", created_at=NOW)
        session.add(user)
        session.flush()
        return Client(app, sign_in(session, user.id, NOW))


@pytest.fixture
def app(database: Database) -> FastAPI:
    made = things()
    made.state.services = Services.__new__(Services)
    for name, value in (("database", database), ("clock", FakeClock(NOW))):
        object.__setattr__(made.state.services, name, value)
    return made


@pytest.fixture
def anna(database: Database, app: FastAPI) -> Client:
    return client_of(database, app, "anna")


def made(client: Client, name: str, key: str | None = None) -> httpx.Response:
    return client("POST", "/things", json={"name": name}, headers={"Idempotency-Key": key} if key else {})


def names(client: Client) -> list[str]:
    return [item["name"] for item in client("GET", "/things", params={"limit": 200}).json()["items"]]


def test_a_post_that_is_sent_again_gives_the_same_answer_and_is_done_once(anna: Client) -> None:
    first, second = made(anna, "lamp", "k-1"), made(anna, "lamp", "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert names(anna) == ["lamp"]
    assert made(anna, "lamp").status_code == 201    # without a key it is another lamp
    assert names(anna) == ["lamp", "lamp"]


def test_a_key_belongs_to_one_user_and_one_request(anna: Client, database: Database, app: FastAPI) -> None:
    ben = client_of(database, app, "ben")
    assert made(anna, "lamp", "k-1").status_code == 201
    other = made(anna, "door", "k-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert made(ben, "door", "k-1").json()["name"] == "door"
    assert names(anna) == ["door", "lamp"]


def test_a_post_that_was_refused_may_be_sent_again_with_its_key_and_a_wrong_key_is_refused(anna: Client) -> None:
    assert made(anna, "x" * 21, "k-1").status_code == 422
    assert made(anna, "lamp", "k-1").status_code == 201
    for key in ("x" * 101, "two words"):
        assert made(anna, "lamp", key).json()["code"] == "invalid"


def test_eight_at_once_with_one_key_are_one(anna: Client) -> None:
    request = ("POST", "/things", {"json": {"name": "lamp"}, "headers": {"Idempotency-Key": "k-1"}})
    answers = anna.together(*[request] * 8)
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert names(anna) == ["lamp"]


def test_of_two_who_change_what_both_have_read_one_wins_and_the_other_is_told(anna: Client) -> None:
    thing_id = made(anna, "lamp").json()["thing_id"]
    read = anna("GET", f"/things/{thing_id}").headers["etag"]
    wishes = [("PATCH", f"/things/{thing_id}", {"json": {"name": name}, "headers": {"If-Match": read}}) for name in ("a", "b")]
    answers = anna.together(*wishes)
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    [told] = [answer.json() for answer in answers if answer.status_code == 412]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert told["code"] == "changed"
    assert anna("GET", f"/things/{thing_id}").json() == won
    assert won["version"] == 2


def test_a_change_without_a_version_or_with_none_of_ours_is_refused(anna: Client) -> None:
    thing_id = made(anna, "lamp").json()["thing_id"]

    def change(headers: dict[str, str]) -> tuple[int, str]:
        answer = anna("PATCH", f"/things/{thing_id}", json={"name": "a"}, headers=headers)
        return answer.status_code, answer.json()["code"]

    assert change({}) == (428, "precondition_required")
    for given in ("*", "1", 'W/"1"', '"1", "2"', '"x"', '""'):
        assert change({"If-Match": given}) == (412, "changed")
    assert names(anna) == ["lamp"]


def test_who_may_not_use_a_route_is_told_nothing_of_versions_and_keys(database: Database, app: FastAPI) -> None:
    office = client_of(database, app, "otto", Role.OFFICE)
    assert office("PATCH", "/things/1", json={"name": "a"}).status_code == 403
    assert made(office, "lamp", "k-1").status_code == 403


@pytest.mark.parametrize("by_name", [False, True])
def test_pages_have_every_row_once_though_the_list_grows_meanwhile(anna: Client, database: Database, by_name: bool) -> None:
    with database.writing.begin() as session:
        for number in range(10):
            note(session, NOW, "thing.made", f"same-{number // 5}", version=1)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        params = {"limit": "3", "by_name": str(by_name)} | ({"cursor": cursor} if cursor else {})
        page = anna("GET", "/things", params=params).json()
        seen += [item["thing_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        made(anna, "a-new" if by_name else "new")      # before what was seen: newest first, or by name
    first = [number for number in seen if number <= 10]
    assert first == seen
    assert seen == (list(range(1, 11)) if by_name else [*range(10, 0, -1)])


def test_a_bad_cursor_is_named(anna: Client) -> None:
    for cursor in ("abc", "💡", "0"):
        answer = anna("GET", "/things", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_the_description_tells_of_keys_versions_and_cursors(app: FastAPI) -> None:
    document = app.openapi()

    def parameters(path: str, method: str) -> set[str]:
        return {each["name"] for each in document["paths"][path][method]["parameters"]}

    assert "Idempotency-Key" in parameters("/things", "post")
    assert "If-Match" in parameters("/things/{thing_id}", "patch")
    assert {"cursor", "limit"} <= parameters("/things", "get")
    assert {"412", "428"} <= set(document["paths"]["/things/{thing_id}"]["patch"]["responses"])


def test_forty_five_at_once_are_all_answered_and_who_is_told_to_come_back_does_nothing_twice(anna: Client) -> None:
    """More than there are threads or connections: nobody waits for somebody who waits for him. SQLite's one writer may tell
    some to ask again."""
    requests = [("POST", "/things", {"json": {"name": f"lamp {number}"}, "headers": {"Idempotency-Key": f"k-{number}"}})
                for number in range(45)]
    for _ in range(10):
        answers = list(zip(requests, anna.together(*requests), strict=True))
        assert {answer.status_code for _, answer in answers} <= {201, 503}
        requests = [request for request, answer in answers if answer.status_code == 503]
        if not requests:
            break
    assert sorted(names(anna)) == sorted(f"lamp {number}" for number in range(45))
