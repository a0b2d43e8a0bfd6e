"""Texts to households on their way to a gateway on this machine (G2): who is thanked, who is not, when, and what is left of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Counter
from hotline.receiver import Inbox, receiving
from sqlalchemy import select

from callcenter.events import Health
from callcenter.roles import Role
from callcenter.runtime.findings import Bad, Good
from callcenter.runtime.letters_check import letters as looked_at
from callcenter.site.texts import TextGateway
from crm.followups.keeper import FollowUpKeeper
from crm.followups.models import Rating
from crm.households.models import Consent, Person, PhoneNumber
from crm.letters.deliverer import Deliverer
from crm.notices.channels import channels_of
from crm.outbox.models import OutboxEntry
from crm.privacy.erase import erase_person
from crm.staff.actor import Actor
from crm.texts.models import Text
from crm.texts.service import texts

NUMBERS = ("+8613812346666", "+8613912347777")
MANAGER = Actor("manager", roles=frozenset({Role.MANAGER}))


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    with made.database.writing.begin() as session:
        for number, home, name in zip(NUMBERS, made.households, ("王小明", "李四"), strict=True):
            person = Person(household_id=home, name=name, role="owner")
            session.add(person)
            session.flush()
            session.add(PhoneNumber(number=number, person_id=person.id, added_at=NOON))
            session.add(PhoneNumber(number="+862155550000", person_id=person.id, added_at=NOON, label="home", place=-1))
    yield made
    made.close()


class Desk:
    """crm's threads, a round at a time."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.secrets = {"texts": "hush"}
        self.health: dict[str, tuple[Health, str]] = {}
        self.deliverer: Deliverer | None = None

    def report(self, component: str, state: Health, detail: str = "") -> None:
        self.health[component] = (state, detail)

    def work(self, after: float = 0) -> None:
        self.counter.clock.advance(after)
        database, site, clock = self.counter.database, self.counter.site, self.counter.clock
        FollowUpKeeper(database, site, clock, self.report).step()
        Deliverer(database, [texts(site)], channels_of(site, lambda: self.secrets), clock, self.report).step()

    def rows(self) -> list[tuple[str, int, bool, str | None]]:
        with self.counter.database.reading() as session:
            return [(row.address, row.tries, row.sent_at is not None, row.error)
                    for row in session.scalars(select(Text).order_by(Text.id))]

    def thanked(self) -> list[str | None]:
        with self.counter.database.reading() as session:
            return list(session.scalars(select(Rating.thanked).order_by(Rating.id)))

    def satisfied(self, home: int = 0, **more: Any) -> None:
        self.counter.person(Role.AGENT).opens("complaint", {"what": "电梯", "satisfied": 1},
                                              household_id=self.counter.households[home], **more)


@pytest.mark.rule("G2", part="the satisfied are thanked by text")
def test_who_is_satisfied_is_thanked_by_text_once_by_day_and_only_who_lets_us(
        counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(counter)
    leader = counter.person(Role.LEADER)

    def shown(home: int) -> list[tuple[str | None, bool, str | None]]:
        return [(one["number"], one["sent_at"] is not None, one["error"])
                for one in leader.read(f"/households/{counter.households[home]}/texts")["items"]]

    desk.satisfied()
    desk.work()
    assert (desk.rows(), desk.thanked(), desk.health["texts"]) == ([], ["queued"], (Health.OK, "")), "off: there is no gateway"
    counter.settings.secrets_file.write_text("{}")
    assert list(looked_at(counter.settings)) == [Good("texts to households are off: the site file has no `texts`")]

    with receiving(Inbox(answers=[503, 204])) as inbox:
        counter.site = counter.site.model_copy(update={"texts": TextGateway(url=inbox.url)})
        counter.clock.advance(10 * 3600)       # ten at night
        desk.work()
        assert (desk.rows(), desk.thanked()) == ([(NUMBERS[0], 0, False, None)], ["text"]), "a mobile, and nobody is woken"
        desk.work(9 * 3600 + 3599)
        assert inbox.letters == []
        desk.secrets = {}
        desk.work(1)
        assert desk.rows() == [(NUMBERS[0], 1, False, "no_secret:texts")]
        assert desk.health["texts"] == (Health.DEGRADED, "failing_1")
        desk.secrets = {"texts": "hush"}
        desk.work(10)
        assert desk.rows() == [(NUMBERS[0], 2, False, "http_503")]
        desk.work(30)
        desk.work(3600)
        assert desk.rows() == [(NUMBERS[0], 3, True, None)]
        assert (shown(0), shown(1)) == ([("138****6666", True, None)], [])
        assert [(headers["Authorization"], headers["Idempotency-Key"]) for headers, _ in inbox.letters] == [
            ("Bearer hush", "text-1")] * 2, "known by its mark when it comes again"
        sent = json.loads(inbox.letters[-1][1])
        assert (sent.keys(), sent["to"]) == ({"to", "text"}, NUMBERS[0])
        assert sent["text"].startswith(f"感谢您对{counter.site.company.name.zh}服务的评价，您的满意是我们的动力。")
        assert desk.health["texts"] == (Health.OK, "")

        asked = len(inbox.letters)
        desk.satisfied(home=1)
        with counter.database.reading() as session:
            people = {name: ident for ident, name in session.execute(select(Person.id, Person.name))}
        keeper = FollowUpKeeper(counter.database, counter.site, counter.clock, desk.report)
        keeper.step()
        with counter.database.writing.begin() as session:
            session.get_one(Person, people["李四"]).no_call_since = counter.clock.now()      # said so while the text waited
        desk.work()
        assert desk.rows()[1:] == [(NUMBERS[1], 1, False, "no_call")]
        assert shown(1) == [("139****7777", False, "no_call")]
        desk.satisfied(home=1)
        with counter.database.writing.begin() as session:
            session.add(Consent(person_id=people["王小明"], what="texts", how="phone", given_at=NOON, taken_by="agent",
                                withdrawn_at=NOON, withdrawn_by="agent"))
        desk.satisfied(contact_number=NUMBERS[0])
        desk.work()
        assert desk.thanked() == ["text", "text", "unreached", "unreached"], "do not call; the consent withdrawn"
        assert (len(desk.rows()), len(inbox.letters)) == (2, asked)
        desk.satisfied(contact_number="13700001111")
        counter.site = counter.site.model_copy(update={"texts": TextGateway(url=inbox.url, numbers=("19XXXXXXXXX",))})
        desk.work()
        assert desk.thanked()[4:] == ["unreached"]

        with counter.database.writing.begin() as session:
            erase_person(session, MANAGER, people["王小明"], "asked to", counter.clock.now())
        assert [address for address, *_ in desk.rows()] == ["", NUMBERS[1]]
        assert shown(0) == [(None, True, None)]
    with counter.database.reading() as session:
        due = session.scalars(select(OutboxEntry).where(OutboxEntry.what == "rating.thanks_due")).all()
        assert len(due) == 5, "for whoever sends texts elsewhere, as ever"
        assert all(number[3:] not in json.dumps(one.data) for one in due for number in NUMBERS)
    logged = "".join(capsys.readouterr())
    assert "http_503" in logged
    assert all(number[3:] not in logged for number in (*NUMBERS, "+86hush"))


def test_doctor_names_each_way_out_that_has_no_secret(counter: Counter, tmp_path: Path) -> None:
    site = (counter.settings.site_file).read_text(encoding="utf-8")
    file = tmp_path / "site.yaml"
    file.write_text(site + "\ntexts:\n  url: https://sms.example.com/send?app=7\n", encoding="utf-8")
    settings = type(counter.settings)(**{**counter.settings.__dict__, "site_file": file})
    settings.secrets_file.write_text("{}")
    [bad] = looked_at(settings)
    assert isinstance(bad, Bad)
    assert bad.what == "texts by https://sms.example.com/send has no secret texts: nothing goes out there"
    settings.secrets_file.write_text('{"texts": "hush"}')
    assert list(looked_at(settings)) == [Good("texts by https://sms.example.com/send")]
