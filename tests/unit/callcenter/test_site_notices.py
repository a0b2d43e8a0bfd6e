"""`notices` of a site file: only addresses that are safe to call, and people and estates that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.errors import ConfigError
from callcenter.settings import CHECKOUT
from callcenter.site.load import SiteErrors, load_site

DEMO = (CHECKOUT / "asterisk-config/site.yaml").read_text()
GOOD = """
notices:
  acknowledge_within: 900
  mail:
    host: smtp.example.com
    user: hotline
    from: hotline@example.com
    to:
      - {address: leaders@example.com, tell: [leader], estates: [yunqi]}
    people: {anna: anna@example.com}
  robots:
    - {id: ops, kind: wecom, url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", tell: [leader, manager, operations]}
    - {id: yq, kind: dingtalk, url: "https://oapi.dingtalk.com/robot/send", signed: true, tell: [leader], estates: [yunqi]}
    - {id: fs, kind: feishu, url: "https://open.feishu.cn/open-apis/bot/v2/hook", signed: true, tell: [manager], language: en}
"""


def faults(tmp_path: Path, old: str, new: str) -> list[ConfigError]:
    assert old in GOOD
    path = tmp_path / "site.yaml"
    path.write_text(DEMO + GOOD.replace(old, new, 1))
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    return caught.value.faults


def test_mail_and_the_three_kinds_of_robots_are_read(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(DEMO + GOOD)
    notices = load_site(path).notices
    assert [(robot.id, robot.signed) for robot in notices.robots] == [("ops", False), ("yq", True), ("fs", True)]
    assert notices.mail is not None
    assert (notices.mail.port, notices.mail.tls) == (587, "starttls")
    assert notices.acknowledge_within == 900


@pytest.mark.parametrize("url", [
    "http://oapi.dingtalk.com/robot/send",                    # anybody on the way reads it
    "http://127.0.0.1.example.com/", "file:///etc/passwd", "https://user@oapi.dingtalk.com/", "https://oapi.dingtalk.com/?a=b",
    "http://169.254.169.254/latest", "https://[::1]/", "ftp://oapi.dingtalk.com/robot/send"])
def test_only_https_is_called_and_this_machine(tmp_path: Path, url: str) -> None:
    [fault] = faults(tmp_path, "https://oapi.dingtalk.com/robot/send", url)
    assert fault.key == "notices.robots.1.url"


@pytest.mark.parametrize(("old", "new", "key"), [
    ("estates: [yunqi]}\n    people", "estates: [yunki]}\n    people", "notices.mail.to.0.estates.0"),
    ("estates: [yunqi]}\n    - {id: fs", "estates: [x]}\n    - {id: fs", "notices.robots.1.estates.0"),
    ("{id: fs", "{id: yq", "notices.robots.1"),
    ("user: hotline", "tls: none", "notices.mail"),           # a password in the open, over a network
    ("tell: [leader, manager, operations]", "tell: [boss]", "notices.robots.0.tell.0"),
    ("tell: [leader, manager, operations]", "tell: [leader], signed: true", "notices.robots.0"),
    ("from: hotline@example.com", 'from: "a@b\\nBcc: c@d"', "notices.mail.from"),
])
def test_a_mistake_is_answered_with_its_place(tmp_path: Path, old: str, new: str, key: str) -> None:
    found = faults(tmp_path, old, new)
    assert key in [fault.key for fault in found]
    assert all(fault.line > len(DEMO.splitlines()) for fault in found)
