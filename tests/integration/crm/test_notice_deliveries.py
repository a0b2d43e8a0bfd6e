"""Notices on their ways out of the house, against a mail server and a robot's other end on this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from sqlalchemy import select
from wall.notified import HOUR, NOW, House, furnish, rule

from callcenter.clock import FakeClock
from callcenter.events import Health
from callcenter.settings import CHECKOUT
from callcenter.site import Site, load_site
from callcenter.site.desk import Notices
from crm.clocks import service as clocks
from crm.clocks.models import TicketClock
from crm.database import Database
from crm.letters import service as letters
from crm.letters.deliverer import Deliverer
from crm.notices.channels import channels_of
from crm.notices.deliveries import NOTICES
from crm.notices.models import Delivery, Notice
from crm.notices.service import settle
from crm.tickets.models import Ticket

SECRETS = {"robot-ops": "token-1", "robot-ops-sign": "key-1", "smtp": "mail-password"}


@pytest.fixture
def house(database: Database) -> House:
    return furnish(database)


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(CHECKOUT / "asterisk-config/site.yaml")


def with_notices(site: Site, **notices: Any) -> Site:
    return site.model_copy(update={"notices": Notices.model_validate(notices)})


class Inbox:
    """A mail server that wants a password, on this machine."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], Any]] = []
        self.refuse = 0
        self.farewell = "221 Bye"
        self.password = b"mail-password"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self.farewell

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"hotline", self.password), handled=False)


class AnyPort(Controller):
    """On whichever port is free; the controller itself wants to be told one."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    made = Inbox()
    controller = AnyPort(made, hostname="127.0.0.1", port=0, auth_require_tls=False, authenticator=made.authenticate)
    controller.start()
    yield made, controller.port
    controller.stop()


class Chat(ThreadingHTTPServer):
    """A robot's other end: it checks DingTalk's signature as their own documentation says, and answers as they do."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.said: list[str] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.asked = 0


class ChatHandler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        self.server.asked += 1
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        signed = hmac.new(b"key-1", f"{query['timestamp']}\nkey-1".encode(), hashlib.sha256).digest()
        right = query["access_token"] == "token-1" and base64.b64decode(query["sign"]) == signed
        if status == 200 and right:
            self.server.said.append(sent["text"]["content"])
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps({"errcode": 0 if right else 310000, "errmsg": ""}).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing on the tests' output."""


@pytest.fixture
def chat() -> Iterator[Chat]:
    server = Chat()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def outside(site: Site, mail_port: int, chat: Chat | None = None) -> Site:
    robots = [] if chat is None else [
        {"id": "ops", "kind": "dingtalk", "url": f"http://127.0.0.1:{chat.server_port}/robot/send", "signed": True,
         "tell": ["leader", "operations"], "estates": ["yunqi"], "language": "zh"}]
    return with_notices(site, robots=robots, mail={
        "host": "127.0.0.1", "port": mail_port, "tls": "none", "user": "hotline", "from": "hotline@example.com",
        "to": [{"address": "leaders@example.com", "tell": ["leader"]},
               {"address": "elsewhere@example.com", "tell": ["leader"], "estates": ["jiangwan"]}],
        "people": {"ben": "ben@example.com"}})


def deliver(house: House, site: Site, after: timedelta = HOUR, secrets: Mapping[str, str] = SECRETS) -> None:
    house.clock = FakeClock(NOW + after)
    Deliverer(house.database, [NOTICES], channels_of(site, lambda: secrets), house.clock, house.report).step()


def test_who_works_on_it_gets_a_mail_and_the_leaders_group_and_list_are_told(
        house: House, site: Site, inbox: tuple[Inbox, int], chat: Chat) -> None:
    full = outside(site, inbox[1], chat)
    house.open("ben", {"tell": "assignee"}, {"tell": "leader"})
    house.at(HOUR, full)
    deliver(house, full)
    deliver(house, full)
    assert sorted(to[0] for to, _ in inbox[0].mails) == ["ben@example.com", "ben@example.com", "leaders@example.com"]
    assert sorted(mail["Subject"] for _, mail in inbox[0].mails) == sorted(
        ["【即将超时】R1 报修 云栖花园", "【已超时】R1 报修 云栖花园", "【已超时】R1 报修 云栖花园"])
    assert "响应时限已于 2026-12-31 13:00 到期" in inbox[0].mails[-1][1].get_content()
    assert len({mail["Message-ID"] for _, mail in inbox[0].mails}) == 3
    [said] = chat.said
    assert said.startswith("【已超时】R1 报修 云栖花园\n")
    assert "王" not in said
    assert "13800000000" not in said
    assert house.health["notices"] == (Health.OK, "")


def test_a_mail_server_that_says_later_is_tried_again_later_and_gets_the_mail_once(
        house: House, site: Site, inbox: tuple[Inbox, int]) -> None:
    full = outside(site, inbox[1])
    house.open("ben", {"tell": "leader"})
    inbox[0].refuse = 2     # the warning's mail to ben and the leaders'
    house.at(HOUR, full)
    deliver(house, full)
    assert inbox[0].mails == []
    assert house.health["notices"] == (Health.DEGRADED, "failing_2")
    deliver(house, full, HOUR + timedelta(seconds=9))
    assert inbox[0].mails == []
    deliver(house, full, HOUR + timedelta(seconds=10))
    deliver(house, full, HOUR + timedelta(seconds=11))
    assert sorted(to[0] for to, _ in inbox[0].mails) == ["ben@example.com", "leaders@example.com"]
    assert house.health["notices"] == (Health.OK, "")


@pytest.mark.parametrize("by", ["acknowledged", "settled"])
def test_a_letter_that_waits_for_another_try_stays_here_when_its_notice_is_known_meanwhile(
        house: House, site: Site, inbox: tuple[Inbox, int], by: str) -> None:
    full = outside(site, inbox[1])
    house.open("ben", {"tell": "leader"})
    inbox[0].refuse = 2     # the warning's mail to ben and the leaders'
    house.at(HOUR, full)
    deliver(house, full)
    if by == "acknowledged":
        for name, whom in (("ben", "assignee"), ("anna", "leader")):
            with house.database.reading() as session:
                told = session.scalars(select(Notice.id).where(Notice.whom == whom)).one()
            house.acknowledge(name, told)
    else:
        with house.database.writing.begin() as session:
            settle(session, session.scalars(select(Ticket)).one(), session.scalars(select(TicketClock)).one(), NOW + HOUR)
    deliver(house, full, HOUR + timedelta(seconds=11))
    assert inbox[0].mails == []
    with house.database.reading() as session:
        rows = list(session.scalars(select(Delivery)))
    assert {(row.next_at, row.sent_at, row.failed_at, row.error) for row in rows} == {(None, None, None, by)}
    assert house.health["notices"] == (Health.OK, ""), "nothing has failed"


def test_a_mail_that_was_taken_is_sent_whatever_the_server_says_to_the_farewell(
        house: House, site: Site, inbox: tuple[Inbox, int]) -> None:
    full = outside(site, inbox[1])
    house.open("ben", {"tell": "leader"})
    inbox[0].farewell = "421 too many connections"
    house.at(HOUR, full)
    deliver(house, full)
    deliver(house, full, HOUR + timedelta(seconds=10))
    assert sorted(to[0] for to, _ in inbox[0].mails) == ["ben@example.com", "leaders@example.com"]
    assert house.health["notices"] == (Health.OK, "")


@pytest.mark.parametrize(("answer", "code"), [
    ((503, {}), "http_503"), ((302, {"Location": "http://127.0.0.1:1/"}), "http_302"), ((200, {}), "code_310000")])
def test_what_a_robot_did_not_take_is_tried_again_and_no_redirect_is_followed(
        house: House, site: Site, inbox: tuple[Inbox, int], chat: Chat, answer: tuple[int, dict[str, str]], code: str) -> None:
    full = outside(site, inbox[1], chat)
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)
    chat.answers = [answer]
    wrong = SECRETS if answer[0] != 200 else {**SECRETS, "robot-ops-sign": "another"}
    deliver(house, full, secrets=wrong)
    assert (chat.asked, chat.said) == (1, [])
    with house.database.reading() as session:
        row = session.scalars(select(Delivery).where(Delivery.channel == "robot:ops")).one()
        assert (row.error, row.tries, row.sent_at) == (code, 1, None)
    deliver(house, full, HOUR + timedelta(seconds=10))
    assert len(chat.said) == 1


def test_it_is_given_up_after_its_tries_and_that_is_told(house: House, site: Site) -> None:
    nobody_listens = outside(site, 1)
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, nobody_listens)
    after = HOUR
    for tries in range(1, letters.TRIES + 1):
        deliver(house, nobody_listens, after)
        after += letters.wait(tries)
    with house.database.reading() as session:
        rows = list(session.scalars(select(Delivery)))
        assert {(row.tries, row.error, row.next_at) for row in rows} == {(letters.TRIES, "ConnectionRefusedError", None)}
    assert house.health["notices"] == (Health.DEGRADED, f"failing_{len(rows)}")


def test_one_that_dies_while_sending_leaves_it_to_be_sent_and_a_second_process_waits_for_its_time(
        house: House, site: Site, inbox: tuple[Inbox, int]) -> None:
    full = outside(site, inbox[1])
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)
    with house.database.writing.begin() as session:
        died = [letters.take(session, NOTICES, NOW + HOUR) for _ in range(3)]
    assert [one is None for one in died] == [False, False, True]
    deliver(house, full, HOUR + timedelta(seconds=30))
    assert inbox[0].mails == []
    deliver(house, full, HOUR + letters.TAKEN_FOR)
    assert len(inbox[0].mails) == 2
    with house.database.writing.begin() as session:     # it was only slow, and comes back to say that it failed
        assert died[0] is not None
        letters.not_sent(session, died[0], "TimeoutError", NOW + 2 * HOUR)
    deliver(house, full, 5 * HOUR)
    assert len(inbox[0].mails) == 2


def test_without_its_secret_nothing_is_sent_and_the_row_says_which(house: House, site: Site, chat: Chat) -> None:
    full = outside(site, 1, chat)
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)
    deliver(house, full, secrets={})
    assert chat.asked == 0
    with house.database.reading() as session:
        codes = {row.channel: row.error for row in session.scalars(select(Delivery))}
        assert codes == {"mail": "ConnectionRefusedError", "robot:ops": "no_secret:robot-ops"}


def test_secrets_that_cannot_be_read_for_a_moment_are_a_failure_of_a_delivery_and_of_nothing_else(
        house: House, site: Site, inbox: tuple[Inbox, int], chat: Chat) -> None:
    full = outside(site, inbox[1], chat)
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)

    def half_written() -> Mapping[str, str]:
        return dict(json.loads('{"smtp": '))

    house.clock = FakeClock(NOW + HOUR)
    Deliverer(house.database, [NOTICES], channels_of(full, half_written), house.clock, house.report).step()
    with house.database.reading() as session:
        assert {row.error for row in session.scalars(select(Delivery))} == {"secrets_unreadable"}
    deliver(house, full, HOUR + letters.wait(1))
    assert (len(inbox[0].mails) > 0, len(chat.said)) == (True, 1)


def test_a_password_that_no_mail_server_can_be_told_fails_the_delivery(house: House, site: Site, inbox: tuple[Inbox, int]) -> None:
    full = outside(site, inbox[1])
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)
    deliver(house, full, secrets={"smtp": "密码"})
    with house.database.reading() as session:
        assert {row.error for row in session.scalars(select(Delivery))} == {"UnicodeEncodeError"}


class Faulty:
    def send(self, *_: object) -> None:
        raise ZeroDivisionError


def test_a_fault_in_one_way_out_holds_up_no_other(house: House, site: Site, inbox: tuple[Inbox, int], chat: Chat) -> None:
    full = outside(site, inbox[1], chat)
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)
    house.clock = FakeClock(NOW + HOUR)
    ways = {**channels_of(full, lambda: SECRETS), "mail": Faulty()}
    Deliverer(house.database, [NOTICES], ways, house.clock, house.report).step()
    with house.database.reading() as session:
        assert {(row.channel, row.error) for row in session.scalars(select(Delivery))} == {("mail", "fault"), ("robot:ops", None)}
    assert (len(chat.said), len(inbox[0].mails)) == (1, 0)
    deliver(house, full, HOUR + letters.wait(1))
    assert (len(chat.said), len(inbox[0].mails)) == (1, 2)


def test_after_a_fault_the_first_round_says_how_notices_are_though_nothing_is_to_be_sent(house: House, site: Site) -> None:
    stop = threading.Event()
    deliverer = Deliverer(house.database, [NOTICES], channels_of(site, lambda: SECRETS), house.clock, house.report)
    house.report("notices", Health.DOWN, "ZeroDivisionError")
    rounds = deliverer.rounds(stop)
    next(rounds)
    assert house.health["notices"] == (Health.OK, "")


def test_a_mail_server_that_does_not_know_the_password_is_told_of_by_its_code(
        house: House, site: Site, inbox: tuple[Inbox, int]) -> None:
    full = outside(site, inbox[1])
    house.open("ben", {"tell": "leader"})
    house.at(HOUR, full)
    deliver(house, full, secrets={"smtp": "wrong"})
    assert inbox[0].mails == []
    with house.database.reading() as session:
        assert {row.error for row in session.scalars(select(Delivery))} == {"smtp_535"}


def test_what_is_over_before_it_went_out_is_not_sent_outside(house: House, site: Site, inbox: tuple[Inbox, int]) -> None:
    house.open()
    with house.database.writing.begin() as session:
        ticket = session.scalars(select(Ticket)).one()
        ticket.stage = "done"
        clocks.follow(session, ticket, rule(), NOW + 20 * HOUR)
    house.at(20 * HOUR, outside(site, inbox[1]))
    deliver(house, outside(site, inbox[1]), 20 * HOUR)
    assert house.told()
    assert inbox[0].mails == []
