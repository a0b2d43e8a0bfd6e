"""Webhooks whose sender is killed: nothing is lost, and what comes twice has the same id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from hotline.dying import START_S
from hotline.own_redis import Redis
from hotline.receiver import HERE, NOW, Inbox, receiving, subjects, subscribed
from sqlalchemy import select, update
from wall.rig import until

from callcenter.clock import FakeClock
from callcenter.settings import CHECKOUT, new_settings
from crm.database import Database
from crm.outbox.relay import Relay
from crm.outbox.service import note
from crm.webhooks.models import WebhookDelivery
from crm.webhooks.post import Post
from crm.webhooks.sender import LEASE, Sender
from crm.webhooks.service import address_letters


class Quiet:
    """A bus that nobody listens to."""

    def ping(self) -> None: ...
    def publish_all(self, events: object) -> None: ...


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with receiving(Inbox()) as made:
        yield made


def waiting(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(WebhookDelivery.id).where(WebhookDelivery.state == "waiting")))


DIES = textwrap.dedent("""
    import os, signal, sys
    from datetime import UTC, datetime
    from ipaddress import ip_network
    from callcenter.clock import FakeClock
    from crm import tables
    from crm.database import open_database
    from crm.webhooks.addresses import Allowed
    from crm.webhooks.post import Post
    from crm.webhooks.sender import Sender

    url, moment = sys.argv[1:]
    post = Post(Allowed((ip_network("127.0.0.0/8"),)))

    def dying(letter):
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        post(letter)
        os.kill(os.getpid(), signal.SIGKILL)

    sender = Sender(open_database(url), FakeClock(datetime(2026, 11, 22, 4, 0, tzinfo=UTC)), dying)
    sender.send_to(sender.due()[0])
""")


@pytest.mark.parametrize(("moment", "letters"), [("before", 1), ("after", 2)])
def test_a_sender_that_is_killed_with_a_letter_in_its_hand_leaves_it_to_the_next(
    database: Database, database_url: str, inbox: Inbox, moment: str, letters: int
) -> None:
    clock = FakeClock(NOW)
    webhook_id = subscribed(database, inbox.url).webhook.webhook_id
    with database.writing.begin() as session:
        note(session, NOW, "ticket.moved", "ticket:1")
    Relay(database, Quiet(), clock, address_letters).tell_waiting()
    died = subprocess.run([sys.executable, "-c", DIES, database_url, moment], cwd=CHECKOUT, check=False)
    assert died.returncode == -signal.SIGKILL
    sender = Sender(database, clock, Post(HERE))
    assert sender.due() == []
    clock.advance(LEASE.total_seconds())
    assert (sender.due(), sender.send_to(webhook_id)) == ([webhook_id], 1)
    assert len(inbox.letters) == letters
    assert len({json.loads(body)["id"] for _, body in inbox.letters}) == 1
    assert waiting(database) == []


@contextmanager
def begun(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Killed at the end, however the test goes: nobody waits for a process that nobody has told to end."""
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_process_as_it_is_run_sends_and_killed_in_between_sends_on(
    database: Database, database_url: str, inbox: Inbox, tmp_path: Path
) -> None:
    site = yaml.safe_load((CHECKOUT / "asterisk-config/site.yaml").read_text(encoding="utf-8"))
    site["webhooks"] = {"private_networks": ["127.0.0.0/8"]}
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    store = Redis(tmp_path / "redis")
    store.start()
    settings = new_settings(tmp_path / "state", offset=4600, site_file=tmp_path / "site.yaml", database_url=database_url,
                            redis_url=store.url)
    settings.save()
    for file in (settings.queue_log, settings.cel_log):
        file.parent.mkdir(parents=True)
    subscribed(database, inbox.url, "ticket.*")
    command, environment = [sys.executable, "-m", "crm"], os.environ | {"SIXRING_STATE": str(settings.state)}
    try:
        with database.writing.begin() as session:
            for number in range(20):
                note(session, NOW, "ticket.moved", f"ticket:{number}")
        inbox.holds = 3
        with begun(command, environment):
            until(lambda: len(inbox.letters) >= 3, within_s=START_S, what="it sends")
        inbox.goes_on.set()
        assert len(waiting(database)) >= 18, "it was killed in between"
        with database.writing.begin() as session:
            waits = WebhookDelivery.next_at.is_not(None)
            session.execute(update(WebhookDelivery).where(waits).values(next_at=NOW))     # no lease to wait out
        with begun(command, environment) as process:
            until(lambda: not waiting(database), what="the rest is sent")
            process.terminate()
            assert process.wait(60) == 0
    finally:
        store.lose()
    assert set(subjects(inbox)) == {f"ticket:{number}" for number in range(20)}
