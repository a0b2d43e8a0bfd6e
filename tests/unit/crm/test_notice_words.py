"""Messages outside the pages: what they say and do not say, in which form each robot takes them; who stands above whom."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from callcenter.roles import Role
from crm.letters.service import TRIES, wait
from crm.notices import robots
from crm.notices.ladder import Known, above, people
from crm.notices.words import Message, Named, body, subject

NOW = datetime(2026, 12, 31, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MESSAGE = Message(7, 9, "R20261231-0001", Named("报修", "Repair"), Named("云栖花园", "Yunqi Garden"), Named("响应时限", "Response"),
                  "broken", NOW)


def test_a_message_names_number_kind_estate_clock_and_local_time_in_both_languages() -> None:
    assert subject(MESSAGE, "zh") == "【已超时】R20261231-0001 报修 云栖花园"
    assert body(MESSAGE, "zh", SHANGHAI) == "响应时限已于 2026-12-31 12:00 到期，请处理并确认本通知。\n通知 7"
    assert subject(MESSAGE, "en") == "[overdue] R20261231-0001 Repair Yunqi Garden"
    assert body(MESSAGE, "en", SHANGHAI) == (
        "Response was due at 2026-12-31 12:00. Please see to it and acknowledge this notice.\nNotice 7")


def test_wecom_has_its_key_in_the_address() -> None:
    made = robots.request("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "a b&c", None, "超时", NOW)
    assert made.url == "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a+b%26c"
    assert json.loads(made.body) == {"msgtype": "text", "text": {"content": "超时"}}


def test_dingtalk_is_signed_in_milliseconds_in_the_address() -> None:
    made = robots.request("dingtalk", "https://oapi.dingtalk.com/robot/send", "token", "SECkey", "超时", NOW)
    query = {name: values[0] for name, values in parse_qs(urlsplit(made.url).query).items()}
    stamp = "1798689600000"
    expected = hmac.new(b"SECkey", f"{stamp}\nSECkey".encode(), hashlib.sha256).digest()
    assert query == {"access_token": "token", "timestamp": stamp, "sign": base64.b64encode(expected).decode()}
    assert json.loads(made.body) == {"msgtype": "text", "text": {"content": "超时"}}


def test_feishu_is_signed_in_seconds_in_the_body_with_nothing_but_the_key() -> None:
    made = robots.request("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook", "token", "key", "超时", NOW)
    assert made.url == "https://open.feishu.cn/open-apis/bot/v2/hook/token"
    expected = hmac.new(b"1798689600\nkey", digestmod=hashlib.sha256).digest()
    assert json.loads(made.body) == {"timestamp": "1798689600", "sign": base64.b64encode(expected).decode(), "msg_type": "text",
                                     "content": {"text": "超时"}}


def test_a_long_text_is_cut_between_characters() -> None:
    made = robots.request("wecom", "https://x", "t", None, "时" * 1000, NOW)
    assert json.loads(made.body)["text"]["content"] == "时" * 666


@pytest.mark.parametrize(("kind", "answer", "code"), [
    ("wecom", b'{"errcode":0,"errmsg":"ok"}', None), ("wecom", b'{"errcode":45009}', "code_45009"),
    ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', "code_310000"),
    ("feishu", b'{"code":0,"msg":"success","data":{}}', None), ("feishu", b'{"code":19021}', "code_19021"),
    ("feishu", b"<html>", "not_its_answer"), ("wecom", b"[]", "not_its_answer"), ("dingtalk", b'{"code":0}', "not_its_answer"),
])
def test_what_a_robot_refuses_it_says_in_its_answer(kind: robots.Kind, answer: bytes, code: str | None) -> None:
    assert robots.refused(kind, answer) == code


def test_tries_come_slower_and_slower_and_end_within_two_hours() -> None:
    waits = [wait(tries) for tries in range(1, TRIES)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=10)
    assert timedelta(hours=1) < sum(waits, timedelta(0)) < timedelta(hours=2)


def test_the_ladder_goes_from_the_engineer_to_operations() -> None:
    rungs: list[str | None] = ["engineer"]
    while rungs[-1] is not None:
        rungs.append(above(rungs[-1]))
    assert rungs == ["engineer", "leader", "supervisor", "manager", "operations", None]
    assert above("owner") == above("assignee") == "leader"


def test_a_role_means_those_of_the_tickets_estate_and_of_all_estates() -> None:
    users = [Known(1, "a", frozenset({"leader"}), frozenset({7})), Known(2, "b", frozenset({"leader", "agent"}), None),
             Known(3, "c", frozenset({"leader"}), frozenset({8})), Known(4, "d", frozenset({"agent"}), frozenset({7}))]

    def told(whom: str, estate_id: int | None = 7) -> tuple[int, ...]:
        return people(whom, users, estate_id=estate_id, owner_id=4, assignee_id=99)

    assert told(Role.LEADER) == (1, 2)
    assert told(Role.LEADER, None) == (1, 2, 3)
    assert told("owner") == (4,)
    assert told("assignee") == ()      # left the company
