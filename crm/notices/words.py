"""What a message outside the pages says: ticket number, kind and estate, which clock and since when. Nobody's name or number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, Literal, Protocol

Language = Literal["zh", "en"]
# (subject, line) by language and what happened
_SAYS: Final = {
    ("zh", "told"): ("待办", "{clock}，请于 {due} 前处理。"),
    ("zh", "warned"): ("即将超时", "{clock}将于 {due} 到期，请尽快处理。"),
    ("zh", "broken"): ("已超时", "{clock}已于 {due} 到期，请处理并确认本通知。"),
    ("zh", "climbed"): ("超时未确认", "{clock}已于 {due} 到期，上一级未确认，请处理并确认本通知。"),
    ("en", "told"): ("for you", "{clock}. Please see to it before {due}."),
    ("en", "warned"): ("due soon", "{clock} is due at {due}. Please see to it."),
    ("en", "broken"): ("overdue", "{clock} was due at {due}. Please see to it and acknowledge this notice."),
    ("en", "climbed"): ("overdue, nobody acknowledged",
                        "{clock} was due at {due}; nobody below you acknowledged. Please see to it and acknowledge this notice."),
}


@dataclass(frozen=True)
class Named:
    zh: str
    en: str

    def words(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class File:
    """What goes with a mail. `type`: application/pdf."""

    name: str
    type: str
    content: bytes


class Letter(Protocol):
    """What a channel sends: a mail has its subject and its file, a robot says both texts. `ident` is the same at every try."""

    @property
    def ident(self) -> str: ...
    @property
    def file(self) -> File | None: ...
    def subject(self, language: Language) -> str: ...
    def body(self, language: Language, tz: tzinfo) -> str: ...


@dataclass(frozen=True)
class Message:
    """A notice's letter."""

    notice_id: int
    delivery_id: int
    number: str
    kind: Named
    estate: Named | None
    clock: Named
    what: str               # told, warned, broken, climbed
    due_at: datetime | None

    @property
    def ident(self) -> str:
        return f"notice-{self.delivery_id}"

    @property
    def file(self) -> File | None:
        return None

    def subject(self, language: Language) -> str:
        return subject(self, language)

    def body(self, language: Language, tz: tzinfo) -> str:
        return body(self, language, tz)


def subject(message: Message, language: Language) -> str:
    what, _ = _SAYS[language, message.what]
    about = [message.number, message.kind.words(language), *([message.estate.words(language)] if message.estate else [])]
    return f"[{what}] {' '.join(about)}" if language == "en" else f"【{what}】{' '.join(about)}"


def body(message: Message, language: Language, tz: tzinfo) -> str:
    _, line = _SAYS[language, message.what]
    due = message.due_at.astimezone(tz).strftime("%Y-%m-%d %H:%M") if message.due_at else "–"
    number = f"通知 {message.notice_id}" if language == "zh" else f"Notice {message.notice_id}"
    return "\n".join((line.format(clock=message.clock.words(language), due=due), number))
