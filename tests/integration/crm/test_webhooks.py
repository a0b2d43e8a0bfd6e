"""Letters to other systems, by HTTP to receivers on this machine, on both databases."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hotline.own_redis import Redis
from hotline.receiver import ADMIN, HERE, NOW, Inbox, documented, receiving, served, subjects, subscribed
from sqlalchemy import select
from wall.rig import until

from callcenter.bus import Publisher
from callcenter.clock import FakeClock, SystemClock
from callcenter.errors import Changed, Forbidden, NotFound
from crm.database import Database, open_database
from crm.households.models import Estate
from crm.outbox.models import OutboxEntry
from crm.outbox.relay import Relay
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.audit import audit_of
from crm.threads import started
from crm.webhooks import service
from crm.webhooks.models import WebhookDelivery
from crm.webhooks.post import Letter, Post
from crm.webhooks.rules import DELAYS, GIVEN_UP_AFTER, Reply, UrlRefused
from crm.webhooks.schemas import WebhookChange
from crm.webhooks.sender import Sender
from crm.webhooks.service import KEPT_FOR, Wanted, address_letters, drop_old_deliveries

OF_ONE = Actor("one", estates=frozenset({1}))


class Quiet:
    """A bus that nobody listens to."""

    def ping(self) -> None: ...
    def publish_all(self, events: object) -> None: ...


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with receiving(Inbox()) as made:
        yield made


@pytest.fixture(autouse=True)
def _estates(database: Database) -> None:
    with database.writing.begin() as session:
        session.add_all([Estate(id=number, name=f"estate {number}") for number in (1, 2)])


def happened(database: Database, clock: FakeClock, *subjects: str, what: str = "ticket.moved",
             estate_id: int | None = None) -> None:
    """Written, and relayed."""
    with database.writing.begin() as session:
        for subject in subjects:
            note(session, clock.now(), what, subject, estate_id=estate_id, stage="done")
    Relay(database, Quiet(), clock, address_letters).tell_waiting()


def sender_of(database: Database, clock: FakeClock) -> Sender:
    return Sender(database, clock, Post(HERE))


def send(sender: Sender) -> int:
    return sum(sender.send_to(webhook_id) for webhook_id in sender.due())


def deliveries(database: Database, webhook_id: int) -> list[Any]:
    """Newest first."""
    with database.reading() as session:
        return service.deliveries(session, ADMIN, webhook_id, None, None, 200).items


def test_a_subscriber_is_told_what_it_wants_of_its_estates_and_each_once(
    database: Database, clock: FakeClock, inbox: Inbox
) -> None:
    made = subscribed(database, inbox.url, "ticket.*", estates=(1,))
    happened(database, clock, "ticket:1", estate_id=1)
    happened(database, clock, "ticket:2", estate_id=2)
    happened(database, clock, "ticket:3")
    happened(database, clock, "clock:4", what="clock.broken", estate_id=1)
    sender = sender_of(database, clock)
    assert [send(sender), send(sender)] == [2, 0]
    assert subjects(inbox) == ["ticket:1", "ticket:3"]
    headers, body = inbox.letters[0]
    assert json.loads(body) == {"id": json.loads(body)["id"], "at": NOW.isoformat(), "what": "ticket.moved", "subject": "ticket:1",
                                "estate_id": 1, "data": {"stage": "done"}}
    assert (headers["Sixring-Event"], headers["Content-Type"]) == ("ticket.moved", "application/json")
    assert {(each.state, each.tries, each.status, each.next_at) for each in deliveries(database, made.webhook.webhook_id)} == {
        ("delivered", 1, 204, None)}


def test_the_receiver_of_the_documentation_takes_each_event_once_and_refuses_what_is_not_ours(database: Database) -> None:
    names = documented()
    taken: list[str] = []

    class Receiver(names["Receiver"]):  # type: ignore[misc]
        def take(self, event: dict[str, Any]) -> None:
            taken.append(event["subject"])

        def log_message(self, *_: object) -> None: ...

    clock = SystemClock()
    with served(Receiver) as url:
        made = subscribed(database, url)
        Receiver.secret = made.secret
        happened(database, FakeClock(clock.now()), "ticket:1", "ticket:2")
        assert send(Sender(database, clock, Post(HERE))) == 2
        [second, first] = deliveries(database, made.webhook.webhook_id)
        with database.writing.begin() as session:
            service.deliver_again(session, ADMIN, made.webhook.webhook_id, first.delivery_id, clock.now())
        assert send(Sender(database, clock, Post(HERE))) == 1
        assert {each.status for each in deliveries(database, made.webhook.webhook_id)} == {204}
        assert taken == ["ticket:1", "ticket:2"]
        Receiver.secret = "whsec_of_somebody_else"
        with database.writing.begin() as session:
            service.deliver_again(session, ADMIN, made.webhook.webhook_id, second.delivery_id, clock.now())
        send(Sender(database, clock, Post(HERE)))
        assert deliveries(database, made.webhook.webhook_id)[0].status == 401


def test_the_documentations_check_refuses_what_is_altered_foreign_or_old() -> None:
    from crm.webhooks.rules import signature

    is_ours = documented()["is_ours"]
    body, now = b'{"id":1}', NOW.timestamp()
    signed = signature("s", body, NOW)
    assert is_ours("s", signed, body, now)
    assert is_ours("s", signed, body, now + 299)
    for secret, header, sent, at in (
            ("x", signed, body, now), ("s", signed, b'{"id":2}', now), ("s", signed, body, now + 301),
            ("s", signed.replace("t=1", "t=2"), body, now), ("s", "", body, now), ("s", "t=,v1=", body, now)):
        assert not is_ours(secret, header, sent, at)


def test_what_is_not_received_comes_again_with_the_same_id_and_bytes_and_a_signature_of_its_time(
    database: Database, clock: FakeClock, inbox: Inbox
) -> None:
    inbox.answers = [500, 302, 204]
    inbox.headers = {"Location": inbox.url}
    made = subscribed(database, inbox.url)
    happened(database, clock, "ticket:1")
    sender = sender_of(database, clock)
    assert [send(sender), send(sender)] == [1, 0]
    clock.advance(DELAYS[0].total_seconds())
    assert [send(sender), send(sender)] == [1, 0]
    assert deliveries(database, made.webhook.webhook_id)[0].status == 302      # and nobody followed it
    clock.advance(DELAYS[1].total_seconds())
    assert send(sender) == 1
    assert len({body for _, body in inbox.letters}) == 1
    assert len({headers["Sixring-Signature"] for headers, _ in inbox.letters}) == 3
    [done] = deliveries(database, made.webhook.webhook_id)
    assert (done.state, done.tries, len(inbox.letters)) == ("delivered", 3, 3)


def test_while_a_receiver_fails_its_other_letters_wait_and_other_receivers_do_not(
    database: Database, clock: FakeClock, inbox: Inbox
) -> None:
    inbox.answers = [500]
    subscribed(database, inbox.url)
    with receiving(Inbox()) as well:
        subscribed(database, well.url)
        happened(database, clock, *(f"ticket:{number}" for number in range(5)))
        sender = sender_of(database, clock)
        assert send(sender) == 1 + 5
        assert len(inbox.letters) == 1
        assert subjects(well) == [f"ticket:{number}" for number in range(5)]
        inbox.answers = [204]
        clock.advance(DELAYS[0].total_seconds())
        assert send(sender) == 5
        assert Counter(subjects(inbox)) == Counter(f"ticket:{number}" for number in (0, 0, 1, 2, 3, 4))


def test_a_letter_that_nobody_takes_fails_after_a_day_and_can_be_sent_by_hand(
    database: Database, clock: FakeClock, inbox: Inbox
) -> None:
    inbox.answers = [503]
    webhook_id = subscribed(database, inbox.url).webhook.webhook_id
    happened(database, clock, "ticket:1")
    sender = sender_of(database, clock)
    for delay in (*DELAYS, timedelta(0)):
        assert send(sender) == 1
        clock.advance(max(delay.total_seconds(), 60))
    [failed] = deliveries(database, webhook_id)
    assert (failed.state, failed.tries, failed.next_at) == ("failed", len(DELAYS) + 1, None)
    assert send(sender) == 0
    inbox.answers = [200]
    with database.writing.begin() as session:
        service.deliver_again(session, ADMIN, webhook_id, failed.delivery_id, clock.now())
    assert send(sender) == 1
    [done] = deliveries(database, webhook_id)
    assert (done.state, done.status) == ("delivered", 200)

    def fails(_: Letter) -> Reply:
        """While somebody asks for it again."""
        with database.writing.begin() as session:
            service.deliver_again(session, ADMIN, webhook_id, failed.delivery_id, clock.now())
        return Reply(500)

    with database.writing.begin() as session:
        service.deliver_again(session, ADMIN, webhook_id, failed.delivery_id, clock.now())
    assert send(Sender(database, clock, fails)) == 1
    [again] = deliveries(database, webhook_id)
    assert (again.state, again.tries, again.next_at) == ("waiting", 0, clock.now()), "it is, and for another day"


def test_a_receiver_that_fails_for_three_days_is_disabled_and_that_is_told_and_audited(
    database: Database, clock: FakeClock, inbox: Inbox
) -> None:
    inbox.answers = [500]
    webhook_id = subscribed(database, inbox.url).webhook.webhook_id
    sender = sender_of(database, clock)
    happened(database, clock, "ticket:1")
    send(sender)
    clock.advance(GIVEN_UP_AFTER.total_seconds())
    send(sender)
    with database.reading() as session:
        shown = service.webhook(session, ADMIN, webhook_id)
        [told] = session.scalars(select(OutboxEntry).where(OutboxEntry.relayed_at.is_(None))).all()
        assert (told.what, told.subject, told.data) == ("webhook.disabled", f"webhook:{webhook_id}", {"because": "failing"})
        assert audit_of(session, f"webhook:{webhook_id}")[0].action == "webhook.disabled"
    assert (shown.active, shown.disabled_because) == (False, "failing")
    inbox.answers = [204]
    happened(database, clock, "ticket:2")
    clock.advance(86_400)
    assert send(sender) == 0
    with database.writing.begin() as session:
        again = service.change(session, ADMIN, webhook_id, WebhookChange(active=True), clock.now(), shown.version, HERE)
    assert (again.active, again.disabled_because, again.failing_since) == (True, None, None)
    assert send(sender) == 1     # what waited; what happened meanwhile was for nobody
    assert subjects(inbox)[-1] == "ticket:1"


def test_a_new_address_is_not_disabled_for_what_the_old_one_failed(database: Database, clock: FakeClock, inbox: Inbox) -> None:
    webhook_id = subscribed(database, inbox.url, "ticket.*").webhook.webhook_id
    happened(database, clock, "ticket:1")
    sender = sender_of(database, clock)
    inbox.answers = [500]
    assert send(sender) == 1
    clock.advance(GIVEN_UP_AFTER.total_seconds())
    with database.writing.begin() as session:
        corrected = WebhookChange(url=inbox.url + "/corrected")
        assert service.change(session, ADMIN, webhook_id, corrected, clock.now(), 1, HERE).failing_since is None
    assert send(sender) == 1
    with database.reading() as session:
        shown = service.webhook(session, ADMIN, webhook_id)
    assert (shown.active, shown.failing_since) == (True, clock.now())
    with database.writing.begin() as session:      # the same address again is no new one
        again = service.change(session, ADMIN, webhook_id, corrected, clock.now(), shown.version, HERE)
    assert again.failing_since == clock.now()


def test_a_test_letter_goes_to_its_webhook_alone(database: Database, clock: FakeClock, inbox: Inbox) -> None:
    wanted = subscribed(database, inbox.url, "clock.*").webhook.webhook_id
    other = subscribed(database, inbox.url, "*").webhook.webhook_id
    with database.writing.begin() as session:
        service.test(session, ADMIN, wanted, NOW)
    Relay(database, Quiet(), clock, address_letters).tell_waiting()
    assert [each.what for each in deliveries(database, wanted)] == ["webhook.tested"]
    assert deliveries(database, other) == []


def test_who_sees_some_estates_sees_the_webhooks_of_those_only(database: Database) -> None:
    everywhere = subscribed(database, "https://a.example/").webhook
    of_one = subscribed(database, "https://b.example/", estates=(1,)).webhook
    with database.writing.begin() as session:
        assert [each.webhook_id for each in service.webhooks(session, OF_ONE, None, 50).items] == [of_one.webhook_id]
        assert service.webhook(session, OF_ONE, of_one.webhook_id).url == "https://b.example/"
        with pytest.raises(NotFound):
            service.webhook(session, OF_ONE, everywhere.webhook_id)
        with pytest.raises(NotFound):
            service.new_secret(session, OF_ONE, everywhere.webhook_id, NOW)
        for estates in (None, (1, 2)):
            with pytest.raises(Forbidden):
                service.subscribe(session, OF_ONE, Wanted("https://c.example/", ("*",), estates), NOW, HERE)
        with pytest.raises(Forbidden):
            service.change(session, OF_ONE, of_one.webhook_id, WebhookChange(estates=None), NOW, of_one.version, HERE)


def test_a_change_is_of_the_version_that_was_seen_and_every_change_is_audited(database: Database) -> None:
    made = subscribed(database, "https://a.example/")
    webhook_id = made.webhook.webhook_id
    with database.writing.begin() as session:
        changed = service.change(session, ADMIN, webhook_id, WebhookChange(events=["clock.*"]), NOW, 1, HERE)
        assert (changed.url, changed.events, changed.version) == ("https://a.example/", ["clock.*"], 2)
        with pytest.raises(Changed):
            service.change(session, ADMIN, webhook_id, WebhookChange(url="https://b.example/"), NOW, 1, HERE)
        with pytest.raises(UrlRefused):
            service.change(session, ADMIN, webhook_id, WebhookChange(url="http://10.0.0.1/"), NOW, 2, HERE)
        other = service.new_secret(session, ADMIN, webhook_id, NOW)
        assert other.secret != made.secret
        with pytest.raises(Changed):
            service.unsubscribe(session, ADMIN, webhook_id, NOW, 2)
        service.unsubscribe(session, ADMIN, webhook_id, NOW, 3)
    with database.reading() as session:
        entries = audit_of(session, f"webhook:{webhook_id}")
        assert [entry.action for entry in reversed(entries)] == [
            "webhook.made", "webhook.changed", "webhook.secret_changed", "webhook.removed"]
        assert made.secret not in "".join(entry.detail or "" for entry in entries)


def test_two_senders_at_once_send_each_letter_once(database: Database, clock: FakeClock, inbox: Inbox) -> None:
    webhook_id = subscribed(database, inbox.url).webhook.webhook_id
    happened(database, clock, *(f"ticket:{number}" for number in range(40)))
    threads = [threading.Thread(target=sender_of(database, clock).send_to, args=(webhook_id,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(subjects(inbox)) == Counter(f"ticket:{number}" for number in range(40))


def test_old_deliveries_go_and_those_that_wait_stay(database: Database, clock: FakeClock, inbox: Inbox) -> None:
    webhook_id = subscribed(database, inbox.url).webhook.webhook_id
    happened(database, clock, "ticket:1")
    send(sender_of(database, clock))
    happened(database, clock, "ticket:2")
    with database.writing.begin() as session:
        assert drop_old_deliveries(session, NOW + KEPT_FOR) == 0
        assert drop_old_deliveries(session, NOW + KEPT_FOR + timedelta(seconds=1)) == 1
    assert [each.state for each in deliveries(database, webhook_id)] == ["waiting"]


def test_from_the_commit_to_the_receiver_with_everything_running(database: Database, inbox: Inbox, tmp_path: Path) -> None:
    store = Redis(tmp_path / "redis")
    store.start()
    clock, stop = SystemClock(), threading.Event()
    subscribed(database, inbox.url)
    relay = Relay(database, Publisher(store.url, tries_once=True), clock, address_letters)
    threads = [started(name, rounds, stop, lambda *_: None)
               for name, rounds in (("relay", relay.rounds), ("webhooks", Sender(database, clock, Post(HERE)).rounds))]
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    try:
        for number in range(20):
            with other.writing.begin() as session:
                note(session, clock.now(), "ticket.moved", f"ticket:{number}")
        until(lambda: len(inbox.letters) == 20, what="all are received")
        assert Counter(subjects(inbox)) == Counter(f"ticket:{number}" for number in range(20))
        until(lambda: not _waiting(database), what="all are marked")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        other.close()
        store.lose()


def _waiting(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(WebhookDelivery.id).where(WebhookDelivery.state == "waiting")))
