"""Webhooks as an administrator sets them up."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from wall.rig import signed_in

from callcenter.clock import SystemClock
from callcenter.roles import Role
from callcenter.settings import Settings
from crm.database import open_database
from crm.outbox.relay import Relay
from crm.webhooks.service import address_letters

WANTED = {"url": "https://hooks.example/sixring", "events": ["ticket.*"]}


class Quiet:
    def ping(self) -> None: ...
    def publish_all(self, events: object) -> None: ...


@pytest.fixture
def admin(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, Role.ADMIN) as client:
        yield client


def made(admin: httpx.Client, key: str | None = None) -> httpx.Response:
    return admin.post("/api/v1/webhooks", json=WANTED, headers={"Idempotency-Key": key} if key else {})


def test_a_webhook_is_made_once_and_its_secret_is_shown_there_only(admin: httpx.Client) -> None:
    first, again = made(admin, "hook-1"), made(admin, "hook-1")
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()["secret"].startswith("whsec_")
    path = f"/api/v1/webhooks/{first.json()['webhook']['webhook_id']}"
    read = admin.get(path)
    assert read.json() == first.json()["webhook"]
    assert read.headers["etag"] == first.headers["etag"] == '"1"'
    listed = admin.get("/api/v1/webhooks")
    assert read.json() in listed.json()["items"]
    assert first.json()["secret"] not in read.text + listed.text
    assert admin.post(f"{path}/secret").json()["secret"] != first.json()["secret"]


def test_two_administrators_do_not_overwrite_each_other(admin: httpx.Client) -> None:
    path = f"/api/v1/webhooks/{made(admin).json()['webhook']['webhook_id']}"
    assert admin.patch(path, json={"active": False}).status_code == 428
    changed = admin.patch(path, json={"active": False}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["disabled_because"]) == (200, '"2"', "by_hand")
    tested = admin.post(f"{path}/test")
    assert (tested.status_code, tested.json()["code"]) == (409, "paused"), "and not a test of which nothing ever comes"
    late = admin.patch(path, json={"events": ["*"]}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert admin.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert admin.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert admin.get(path).status_code == 404


def test_what_a_webhook_may_not_be_is_refused_by_name(admin: httpx.Client) -> None:
    for wish, code in (({"url": "http://hooks.example/"}, "url_refused"), ({"url": "https://10.0.0.1/"}, "url_refused"),
                       ({"events": ["everything"]}, "events_refused"), ({"events": ["ticket.*\n"]}, "events_refused"),
                       ({"events": []}, "invalid"), ({"secret": "x"}, "invalid")):
        answer = admin.post("/api/v1/webhooks", json=WANTED | wish)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    nowhere = admin.post("/api/v1/webhooks", json=WANTED | {"estates": [2**31 - 1]})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found"), "it would never be told anything of an estate"


@pytest.mark.rule("K1", part="webhooks")
def test_nobody_but_an_administrator_knows_of_webhooks(admin: httpx.Client, url: str) -> None:
    path = f"/api/v1/webhooks/{made(admin).json()['webhook']['webhook_id']}"
    for role in set(Role) - {Role.ADMIN}:
        with signed_in(url, role) as client:
            assert {client.get(where).status_code for where in ("/api/v1/webhooks", path, f"{path}/deliveries")} == {403}
            assert made(client).status_code == 403
            assert client.patch(path, json={"active": False}).status_code == 403


def test_a_test_letter_is_seen_among_the_deliveries_and_can_be_sent_again(
    admin: httpx.Client, rig: tuple[object, Settings, object]
) -> None:
    path = f"/api/v1/webhooks/{made(admin).json()['webhook']['webhook_id']}"
    assert admin.post(f"{path}/test").status_code == 202
    assert admin.get(f"{path}/deliveries").json() == {"items": [], "next": None}
    database = open_database(rig[1].database_url)
    Relay(database, Quiet(), SystemClock(), address_letters).tell_waiting()
    database.close()
    [delivery] = admin.get(f"{path}/deliveries", params={"state": "waiting"}).json()["items"]
    assert (delivery["what"], delivery["tries"], delivery["status"]) == ("webhook.tested", 0, None)
    again = admin.post(f"{path}/deliveries/{delivery['delivery_id']}/again")
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    assert admin.post(f"{path}/deliveries/999999/again").status_code == 404
