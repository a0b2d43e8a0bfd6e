"""A situation report as a PDF: the lines, the figures, how it came so far, and everybody who was called in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from crm.notices.words import Language
from crm.papers.document import Document, Head
from crm.papers.parts import Column, Figure
from crm.surge.situation import Situation
from crm.surge.words import COMING, lines, pick, seconds, share, subject, turn_words, why_words


def number(report_id: int) -> str:
    return f"SIT-{report_id}"


def pdf(of: Situation, report_id: int, sender: str, language: Language, tz: tzinfo) -> bytes:
    zh = language == "zh"
    document = Document(Head(sender=sender, language=language, at=of.at, number=number(report_id), day=_moment(of.at, tz)))
    document.title(subject(of, language))
    document.figures(list(_figures(of, language)))
    for line in lines(of, language, tz):
        document.paragraph(f"{line.label}{'：' if zh else ': '}{line.text}")
    if of.turns:
        document.heading("经过" if zh else "How it came so far")
        document.table(
            [Column("时间" if zh else "Time", 1.6), Column("级别" if zh else "Tier", 0.7), Column("变动" if zh else "Change", 2.4),
             Column("原因" if zh else "Why", 2)],
            [(_moment(turn.at, tz), f"{turn.before} → {turn.tier}", turn_words(turn, language), why_words(turn.why, language))
             for turn in of.turns])
    if of.people:
        document.heading("召回人员" if zh else "Who was called in")
        document.table(
            [Column("姓名" if zh else "Name", 1.4), Column("级别" if zh else "Tier", 0.6), Column("状态" if zh else "State", 1.2),
             Column("自" if zh else "Since", 1.6), Column("预计到岗" if zh else "Due", 1.6)],
            [(person.name, str(person.tier), pick(COMING[person.state], language), _moment(person.since, tz),
              _moment(person.due_at, tz) if person.due_at else "–") for person in of.people])
    document.small("由系统自动生成，数字取自话务实时数据与通话记录。" if zh else
                   "Written by itself, from the live board and the call records.")
    return document.to_bytes()


def _figures(of: Situation, language: Language) -> Iterator[Figure]:
    zh, unknown = language == "zh", "–"
    yield Figure("级别" if zh else "Tier", str(of.tier))
    if of.signals:
        level, ratio = of.signals.service_level, of.signals.arrivals_ratio
        yield Figure("排队" if zh else "Waiting", str(of.signals.waiting))
        yield Figure("最长等待" if zh else "Longest wait", seconds(of.signals.longest_wait_s, language))
        yield Figure("在岗坐席" if zh else "Agents", str(of.signals.agents))
        yield Figure("来电 ÷ 预测" if zh else "Arrivals ÷ forecast", unknown if ratio is None else f"{ratio:.1f}")
        yield Figure("服务水平" if zh else "Service level", unknown if level is None else share(level))
    if of.tally:
        yield Figure("接听 / 来电" if zh else "Answered / offered", f"{of.tally.answered} / {of.tally.offered}")
        yield Figure("放弃" if zh else "Gave up", str(of.tally.abandoned))


def _moment(at: datetime, tz: tzinfo) -> str:
    return at.astimezone(tz).strftime("%Y-%m-%d %H:%M")
