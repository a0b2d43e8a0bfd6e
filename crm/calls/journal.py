"""Reads lines of queue_log and CEL into entries. Pure; whatever a line holds, it answers and does not raise.

Lengths are checked here, because what PostgreSQL finds too long would be found too long again for ever.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from callcenter.numbers import normalise
from crm.calls import entries as e

BACKUP_SUFFIX: Final = "-backup"
_CALL_ID = re.compile(r"^(?=.{3,80}$)[A-Za-z0-9_.-]*?\d{1,12}\.\d{1,12}$")
_QUEUE = re.compile(r"^[a-z][a-z0-9-]{0,37}$")
_SEAT = re.compile(r"^\d{2,6}$")
_FILE = re.compile(r"^(?!/)(?!.*\.\.)[\w./-]{1,200}$")
_WORD = re.compile(r"^[\w-]{1,40}$")
_SEAT_CHANNEL = re.compile(r"^PJSIP/(\d{2,6})-[0-9a-f]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LAST_MOMENT = 4_102_444_800    # the year 2100: beyond it a time is rubbish
_LARGEST = 2**31 - 1
_CEL_COLUMNS = 11
_HEAD = 5


class _Bad(ValueError):
    """Why a line is rejected: its argument is the code."""


def parse_queue_log(line: str) -> e.Parsed:
    fields = line.split("|")
    try:
        if _CONTROL.search(line):
            raise _Bad("control_character")
        if len(fields) < _HEAD:
            raise _Bad("too_few_fields")
        at = _moment(fields[0])
        call_id, queue, agent, event = fields[1:_HEAD]
        if event == "QUEUESTART":
            return e.AsteriskStarted(at)
        reader = _READERS.get(event)
        if reader is None:
            return None
        if not _CALL_ID.match(call_id):
            raise _Bad("call_id")
        return reader(e.LineEntry(at, call_id, _queue(queue)), queue, agent, fields[_HEAD:])
    except _Bad as bad:
        return e.Rejected(str(bad))


def parse_cel(line: str) -> e.Parsed:
    try:
        if _CONTROL.search(line):
            raise _Bad("control_character")
        try:
            rows = list(csv.reader([line], strict=True))
        except csv.Error:
            raise _Bad("not_csv") from None
        if len(rows) != 1 or len(rows[0]) < _CEL_COLUMNS:
            raise _Bad("too_few_fields")
        event, time, channel, call_id, name = rows[0][:5]
        if event not in ("CHAN_START", "ANSWER", "HANGUP"):
            return None
        at = _moment(time)
        if not _CALL_ID.match(call_id) or not _CALL_ID.match(channel):
            raise _Bad("call_id")
        if channel == call_id:
            return e.CallStarted(at, call_id) if event == "CHAN_START" else None
        seat = _SEAT_CHANNEL.match(name)
        if seat is None:
            return None
        if event == "CHAN_START":
            return e.SeatRang(at, call_id, seat[1], channel)
        return (e.SeatAnswered if event == "ANSWER" else e.SeatLeft)(at, call_id, channel)
    except _Bad as bad:
        return e.Rejected(str(bad))


def _moment(text: str) -> datetime:
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,6})?", text):
        raise _Bad("time")
    seconds, _, fraction = text.partition(".")
    if not 0 < int(seconds) < _LAST_MOMENT:
        raise _Bad("time")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int((fraction or "0").ljust(6, "0")))


def _queue(name: str) -> str | None:
    """The site's queue id: stage 0 and stage 1 are two queues of Asterisk's and one of ours."""
    if name in ("NONE", ""):
        return None
    bare = name.removesuffix(BACKUP_SUFFIX)
    if not _QUEUE.match(bare):
        raise _Bad("queue")
    return bare


def _whole(text: str, reason: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST:
        raise _Bad(reason)
    return int(text)


def _maybe_whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _fit(pattern: re.Pattern[str], text: str, reason: str) -> str:
    if not pattern.match(text):
        raise _Bad(reason)
    return text


def _need(data: list[str], count: int) -> list[str]:
    if len(data) < count:
        raise _Bad("too_few_fields")
    return data


def _language(text: str) -> str:
    if text not in ("zh", "en"):
        raise _Bad("language")
    return text


_Reader = Callable[[e.LineEntry, str, str, list[str]], e.LineEntry]


def _entered(head: e.LineEntry, _queue: str, _agent: str, data: list[str]) -> e.LineEntry:
    dialled, number, node = _need(data, 3)[:3]
    return e.Entered(head.at, head.call_id, head.queue, _fit(re.compile(r"^\+?\d{1,31}$"), dialled, "dialled"),
                     normalise(number) or None, _fit(_WORD, node, "node"))


def _looked_up(head: e.LineEntry, _queue: str, _agent: str, data: list[str]) -> e.LineEntry:
    household, language = _need(data, 2)[:2]
    return e.LookedUp(head.at, head.call_id, head.queue, _whole(household, "household") if household else None,
                      language if language in ("zh", "en") else None)


def _connected(head: e.LineEntry, _queue: str, agent: str, data: list[str]) -> e.LineEntry:
    channel = data[1] if len(data) > 1 and _CALL_ID.match(data[1]) else None
    return e.Connected(head.at, head.call_id, head.queue, _fit(_SEAT, agent, "seat"), channel,
                       _maybe_whole(data[2]) if len(data) > 2 else None)


def _missed(head: e.LineEntry, _queue: str, agent: str, data: list[str]) -> e.LineEntry:
    rang_ms = _maybe_whole(data[0]) if data else None
    return e.RingMissed(head.at, head.call_id, head.queue, _fit(_SEAT, agent, "seat"),
                        None if rang_ms is None else rang_ms / 1000)


def _rated(head: e.LineEntry, _queue: str, _agent: str, data: list[str]) -> e.LineEntry:
    rating = _need(data, 1)[0]
    if rating not in ("1", "2", "3"):
        raise _Bad("rating")
    return e.Rated(head.at, head.call_id, head.queue, int(rating))


def _called_back(head: e.LineEntry, _queue: str, _agent: str, data: list[str]) -> e.LineEntry:
    number = normalise(_need(data, 1)[0])
    if not number:
        raise _Bad("number")
    return e.CallbackAsked(head.at, head.call_id, head.queue, number)


_READERS: Final[dict[str, _Reader]] = {
    "ENTERED": _entered,
    "CALLER": _looked_up,
    "LOOKUPLATE": lambda h, q, a, d: e.LookupLate(h.at, h.call_id, h.queue),
    "MENU": lambda h, q, a, d: e.KeyPressed(h.at, h.call_id, h.queue, _fit(_WORD, _need(d, 2)[0], "menu"),
                                            _fit(re.compile(r"^[0-9*#a-z]$"), d[1], "key")),
    "LANGUAGE": lambda h, q, a, d: e.LanguageChosen(h.at, h.call_id, h.queue, _language(_need(d, 1)[0])),
    "ENTERQUEUE": lambda h, q, a, d: e.Queued(h.at, h.call_id, h.queue, int(q.endswith(BACKUP_SUFFIX))),
    "OVERFLOW": lambda h, q, a, d: e.Overflowed(h.at, h.call_id, h.queue, _whole(_need(d, 1)[0], "stage")),
    "CONNECT": _connected,
    "RINGNOANSWER": _missed,
    "COMPLETECALLER": lambda h, q, a, d: e.Released(h.at, h.call_id, h.queue),
    "COMPLETEAGENT": lambda h, q, a, d: e.Released(h.at, h.call_id, h.queue),
    "BLINDTRANSFER": lambda h, q, a, d: e.Released(h.at, h.call_id, h.queue),
    "ATTENDEDTRANSFER": lambda h, q, a, d: e.Released(h.at, h.call_id, h.queue),
    "ABANDON": lambda h, q, a, d: e.GaveUp(h.at, h.call_id, h.queue),
    "SURVEY": _rated,
    "VOICEMAIL": lambda h, q, a, d: e.VoicemailLeft(h.at, h.call_id, h.queue, _fit(_FILE, _need(d, 2)[0], "file"),
                                                    _whole(d[1], "seconds")),
    "CALLBACK": _called_back,
    "RECORDING": lambda h, q, a, d: e.RecordingBegun(h.at, h.call_id, h.queue, _fit(_FILE, _need(d, 1)[0], "file")),
    "ENDED": lambda h, q, a, d: e.Ended(h.at, h.call_id, h.queue, _maybe_whole(d[0]) if d else None),
}
