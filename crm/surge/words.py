"""A situation report in words, Chinese and English: a subject, and short lines that a chat message and a page can show. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from callcenter.storm import Coming
from crm.notices.words import Language
from crm.surge.situation import CAME, COMES, Situation, Turn, named
from crm.surge.tiers import Signals

SEVERAL_DAYS: Final = "%m-%d %H:%M"
NAMES: Final = 8                 # of a message; the paper has all

WHY: Final = {
    "arrivals": ("来电量远超预测", "far more calls than forecast"),
    "waiting": ("排队来电过多", "too many calls waiting"),
    "longest_wait": ("最长等待过久", "the longest wait is too long"),
    "service_level": ("服务水平过低", "the service level is too low"),
    "by_hand": ("人工启动", "raised by hand"),
}
COMING: Final = {
    Coming.WAITING: ("待呼叫", "not asked yet"),
    Coming.RINGING: ("呼叫中", "being called"),
    Coming.ACCEPTED: ("已应允", "accepted"),
    Coming.REFUSED: ("不能到岗", "refused"),
    Coming.NO_ANSWER: ("未接听", "did not answer"),
    Coming.ARRIVED: ("已到岗", "arrived"),
    Coming.LATE: ("应到未到", "accepted, late"),
    Coming.RELEASED: ("已撤回", "released"),
}
MEASURES: Final = (
    ("恢复日常安排。", "Back to the ordinary arrangements."),
    ("全体坐席统一接听来电；外呼暂停，非休息类示忙解除，话后整理缩短，停电停水等通知先播报，提前提供回拨。",
     "Every agent takes calls; outbound work and pauses other than breaks are lifted, wrap-up is cut, outages are told first."),
    ("在一级措施之上，召回休班和休假坐席。", "Besides tier 1's measures, agents who are off duty or on leave are called in."),
    ("在二级措施之上，召集管理处人员支援，并下发应急预案。",
     "Besides tier 2's measures, staff of the management offices are called in and given the emergency plan."),
)
CALLS_IN: Final = (
    ("", ""), ("", ""), ("召回休班和休假坐席", "agents who are off duty or on leave are called in"),
    ("召集管理处人员支援", "staff of the management offices are called in"))
ACTS: Final = {
    "declared": ("自动启动", "declared by its thresholds"), "rose": ("自动升级", "raised by itself"),
    "fell": ("自动降级", "lowered by itself"), "raised": ("人工升级", "raised by hand"), "lowered": ("人工降级", "lowered by hand"),
    "held": ("人工保持", "held by hand"), "let_go": ("取消保持", "hold lifted"), "hold_over": ("保持到期", "hold ran out"),
}


@dataclass(frozen=True)
class Line:
    """What it is about, and what is said."""

    label: str
    text: str


def pick(words: tuple[str, str], language: Language) -> str:
    return words[0] if language == "zh" else words[1]


def subject(of: Situation, language: Language) -> str:
    zh = language == "zh"
    drill = ("【演练】" if zh else "[DRILL] ") if of.drill else ""
    if of.tier == 0:
        if of.surge_id is None:
            return drill + ("【来电正常】话务情况报告" if zh else "No surge: situation report")
        return drill + ("【来电激增解除】情况报告" if zh else "Surge over: situation report")
    level = f"{'一二三'[of.tier - 1]}级响应" if zh else f"tier {of.tier}"
    moved = ""
    if of.before is not None and of.before != of.tier:
        rose = of.tier > of.before
        moved = (("启动" if of.before == 0 else "升级") if rose else "降级") if zh else \
            ((", declared" if of.before == 0 else f", up from {of.before}") if rose else f", down from {of.before}")
    return drill + (f"【来电激增】{level}{moved}" if zh else f"Surge: {level}{moved}")


def lines(of: Situation, language: Language, tz: tzinfo) -> list[Line]:
    """In the order in which a duty lead reports: what, since when, why, figures, measures, people, what next."""
    return [Line(*found) for found in _lines(of, language, _Clock(of.at, tz))]


def body(of: Situation, language: Language, tz: tzinfo) -> str:
    colon = "：" if language == "zh" else ": "
    return "\n".join(f"{line.label}{colon}{line.text}" for line in lines(of, language, tz))


def turn_words(turn: Turn, language: Language) -> str:
    said = pick(ACTS.get(turn.act, (turn.act, turn.act)), language)
    by = turn.by and (f"（{turn.by}）" if language == "zh" else f" ({turn.by})")
    reason = turn.reason and (f"：{turn.reason}" if language == "zh" else f": {turn.reason}")
    return f"{said}{by}{reason}"


def why_words(why: tuple[str, ...], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(pick(WHY.get(each, (each, each)), language) for each in why)


def seconds(value: float, language: Language) -> str:
    minutes, rest = divmod(round(value), 60)
    if language == "zh":
        return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def share(value: float) -> str:
    return f"{value * 100:.0f}%"


@dataclass(frozen=True)
class _Clock:
    """Local times; with the day where it is not that of the report."""

    at: datetime
    tz: tzinfo

    def __call__(self, moment: datetime) -> str:
        local = moment.astimezone(self.tz)
        return local.strftime("%H:%M:%S" if local.date() == self.at.astimezone(self.tz).date() else SEVERAL_DAYS)


def _lines(of: Situation, language: Language, clock: _Clock) -> Iterator[tuple[str, str]]:
    zh = language == "zh"
    yield ("报告时间", clock.at.astimezone(clock.tz).strftime("%Y-%m-%d %H:%M:%S")) if zh else \
        ("As of", clock.at.astimezone(clock.tz).strftime("%Y-%m-%d %H:%M:%S"))
    if of.declared_at:
        since = clock(of.declared_at)
        if of.tier and of.tier_since:
            since += f"，本级自 {clock(of.tier_since)}" if zh else f"; in this tier since {clock(of.tier_since)}"
        yield ("起始" if zh else "Since"), since
    if of.why:
        yield ("原因" if zh else "Why"), why_words(of.why, language)
    if of.last:
        yield ("最近变动" if zh else "Last change"), f"{clock(of.last.at)} {turn_words(of.last, language)}"
    if of.signals:
        yield ("当前" if zh else "Now"), now_words(of.signals, language)
    if of.tally and of.declared_at:
        yield ("启动以来" if zh else "Since it was declared"), _tally(of, language)
    if of.surge_id is not None:
        yield ("措施" if zh else "Measures"), pick(MEASURES[of.tier], language)
    if of.people:
        yield ("召回" if zh else "Called in"), _people(of, language)
    yield ("下一步" if zh else "Next"), _next(of, language, clock)


def now_words(signals: Signals, language: Language) -> str:
    zh = language == "zh"
    parts = [f"排队 {signals.waiting} 通" if zh else f"waiting {signals.waiting}",
             f"最长等待 {seconds(signals.longest_wait_s, language)}" if zh
             else f"longest wait {seconds(signals.longest_wait_s, language)}"]
    if signals.arrivals_ratio is not None:
        ratio = f"{signals.arrivals_ratio:.1f}"
        parts.append(f"来电为预测的 {ratio} 倍" if zh else f"arrivals {ratio} × the forecast")
    if signals.service_level is not None:
        parts.append(f"服务水平 {share(signals.service_level)}" if zh else f"service level {share(signals.service_level)}")
    parts.append(f"在岗坐席 {signals.agents} 人" if zh else f"agents {signals.agents}")
    return ("，" if zh else ", ").join(parts)


def _tally(of: Situation, language: Language) -> str:
    zh, found = language == "zh", of.tally
    assert found is not None  # the caller has looked
    parts = [f"来电 {found.offered} 通" if zh else f"calls {found.offered}",
             f"接听 {found.answered}" if zh else f"answered {found.answered}",
             f"放弃 {found.abandoned}" if zh else f"gave up {found.abandoned}",
             f"留言或回拨 {found.messages}" if zh else f"messages and callbacks {found.messages}"]
    if found.asa_s is not None:
        parts.append(f"平均等待 {seconds(found.asa_s, language)}" if zh else f"mean wait {seconds(found.asa_s, language)}")
    if found.service_level is not None:
        parts.append(f"服务水平 {share(found.service_level)}" if zh else f"service level {share(found.service_level)}")
    return ("，" if zh else ", ").join(parts)


def _people(of: Situation, language: Language) -> str:
    zh = language == "zh"
    counted = [f"{pick(COMING[state], language)} {count}" for state, count in of.counts.items()]
    said = (f"共 {len(of.people)} 人：" if zh else f"{len(of.people)} in all: ") + ("，" if zh else ", ").join(counted)
    for states, words in ((CAME, ("已到岗", "Arrived")), (COMES, ("在途", "On the way"))):
        if names := named(of.people, *states):
            shown = ("、" if zh else ", ").join(names[:NAMES])
            more = (f"等 {len(names)} 人" if zh else f" and {len(names) - NAMES} more") if len(names) > NAMES else ""
            said += f"；{words[0]}：{shown}{more}" if zh else f"; {words[1].lower()}: {shown}{more}"
    return said


def _next(of: Situation, language: Language, clock: _Clock) -> str:
    zh = language == "zh"
    if of.tier == 0:
        return "继续观察来电量。" if zh else "Arrivals stay watched."
    if of.held:
        return "由值班人员保持在本级，不自动升降。" if zh else "Held at this tier by hand: neither up nor down by itself."
    limits = _limits(of, language)
    if of.under_control_since:
        since = f"自 {clock(of.under_control_since)} 起已受控" if zh else f"Under control since {clock(of.under_control_since)}"
        if of.down_at is None:
            return f"{since}，来电量仍超阈值，暂不降级。" if zh else f"{since}; still above a threshold, so this tier stays."
        return f"{since}，保持至 {clock(of.down_at)} 则降一级。" if zh else \
            f"{since}; if it stays so, one tier down at {clock(of.down_at)}."
    if of.next_at is None:
        return f"尚未受控（{limits}）。" if zh else f"Not under control ({limits})."
    comes = pick(CALLS_IN[of.tier + 1], language)
    return f"尚未受控（{limits}）；如仍未受控，{clock(of.next_at)} 升至{'一二三'[of.tier]}级，{comes}。" if zh else \
        f"Not under control ({limits}); if it stays so, tier {of.tier + 1} at {clock(of.next_at)}: {comes}."


def _limits(of: Situation, language: Language) -> str:
    zh = language == "zh"
    said = [f"受控指排队不超过 {of.waiting_limit} 通" if zh else f"under control is: at most {of.waiting_limit} waiting",
            f"最长等待不超过 {seconds(of.longest_limit_s, language)}" if zh else
            f"longest wait at most {seconds(of.longest_limit_s, language)}"]
    if of.level_limit is not None:
        said.append(f"服务水平不低于 {share(of.level_limit)}" if zh else f"service level at least {share(of.level_limit)}")
    return ("、" if zh else ", ").join(said)
