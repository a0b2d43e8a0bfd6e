"""What the ladder says outside the pages: which part is out since when, who took it on; that it is over. Nobody's number.

A vendor reads it too: nothing in it is the company's own business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from crm.notices.words import File, Language
from crm.outages.ladder import Outage
from crm.outages.ways import CLEAR

NAMES: Final = {
    "asterisk": ("电话交换", "telephone exchange"), "ami": ("交换控制链路", "link to the exchange"),
    "trunk": ("中继线路", "trunk line"), "network": ("网络", "network"),
    "agi": ("来电识别", "caller look-up"), "acd": ("话务分配", "call distribution"),
    "crm": ("业务系统", "business records"), "dashboard": ("网页", "web pages"), "redis": ("消息总线", "message bus"),
    "database": ("数据库", "database"), "disk": ("磁盘空间", "disk space"), "recordings": ("录音", "recordings"),
    "seats": ("坐席话机", "seats' phones"), "backup": ("数据备份", "backup"),
}
_SAYS: Final = {
    ("zh", True): ("【故障恢复】{name}", "{name}于 {ended} 恢复，故障自 {began} 起，共 {minutes} 分钟。"),
    ("en", True): ("[all clear] {name}", "{name}: working again since {ended}, after an outage of {minutes} min from {began}."),
    ("zh", False): ("【系统故障】{name}", "{name}自 {began} 起故障，已 {minutes} 分钟（{detail}）。"),
    ("en", False): ("[outage] {name}", "{name}: out since {began}, {minutes} min ({detail})."),
}


@dataclass(frozen=True)
class Alarm:
    """A message of the ladder to one address."""

    outage: Outage
    what: str                      # a rung's place, or `clear`
    address: str
    at: datetime
    vendors: tuple[str, ...] = ()  # whom to ring: name and number

    @property
    def ident(self) -> str:
        return f"outage-{self.outage.outage_id}-{self.what}"

    @property
    def file(self) -> File | None:
        return None

    def subject(self, language: Language) -> str:
        return _SAYS[language, self.what == CLEAR][0].format(name=self._name(language))

    def body(self, language: Language, tz: tzinfo) -> str:
        one = self.outage
        until = one.ended_at or self.at
        line = _SAYS[language, self.what == CLEAR][1].format(
            name=self._name(language), began=_local(one.began_at, tz), ended=_local(until, tz), detail=one.detail or one.component,
            minutes=int((until - one.began_at).total_seconds() // 60))
        return "\n".join((line, *self._more(language, tz), one.outage_id))

    def _more(self, language: Language, tz: tzinfo) -> list[str]:
        if self.what == CLEAR:
            return []
        one, zh = self.outage, language == "zh"
        lines = []
        if one.acknowledged_at:
            when = _local(one.acknowledged_at, tz)
            lines.append(f"{one.acknowledged_by} 已于 {when} 受理。" if zh else f"Acknowledged by {one.acknowledged_by} at {when}.")
        else:
            lines.append("尚无人受理，请在网页“故障”中确认。" if zh else "Nobody has acknowledged it yet.")
        if self.vendors:
            lines.append(("请联系供应商：" if zh else "Call the vendor: ") + "; ".join(self.vendors))
        return lines

    def _name(self, language: Language) -> str:
        zh, en = NAMES.get(self.outage.component, (self.outage.component, self.outage.component))
        return zh if language == "zh" else en


def _local(moment: datetime, tz: tzinfo) -> str:
    return moment.astimezone(tz).strftime("%Y-%m-%d %H:%M")
