"""Reads lines of queue_log and CEL into entries. Pure; whatever a line holds, it answers and does not raise.

Lengths are checked here, because what PostgreSQL finds too long would be found too long again for ever.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from callcenter.numbers import normalise
from callcenter.stages import OUTSIDE_STAGE, stage_of
from callcenter.text_types import ODD_IN_LINE
from crm.agentlog.journal import FLOOR, parse_floor
from crm.calls import entries as e
from crm.calls.talk import Move

_CALL_ID = re.compile(r"^(?=.{3,80}$)[A-Za-z0-9_.-]*?\d{1,12}\.\d{1,12}$")
_QUEUE = re.compile(r"^[a-z][a-z0-9-]{0,37}$")
_SEAT = re.compile(r"^\d{2,6}$")
_ANY_SEAT = re.compile(r"^(\d{2,6}|drill-\d{1,2})$")     # also a drill's simulated one
_FILE = re.compile(r"^(?!/)(?!.*\.\.)[\w./-]{1,200}$")
_WORD = re.compile(r"^[\w-]{1,40}$")
_SEAT_CHANNEL = re.compile(r"^PJSIP/(\d{2,6})-[0-9a-f]+$")
_LOCAL_CHANNEL = re.compile(r"^(Local/.{1,200});[12]$")
_BRIDGE = re.compile(r'"bridge_id":"([A-Za-z0-9-]{1,64})"')
_TECHNOLOGY = re.compile(r'"bridge_technology":"(\w{1,40})"')
_HOLDS_ONLY = "holding_bridge"
_RESULT = re.compile(r"^(answered|busy|noanswer|failed)$")
_TASK = re.compile(r"^[0-9a-z]{1,32}$")
_PRESSED = re.compile(r"^[0-9]?$")
_LAST_MOMENT = 4_102_444_800    # the year 2100: beyond it a time is rubbish
_LARGEST = 2**31 - 1
_CEL_COLUMNS = 11
_HEAD = 5


class _BadLineError(ValueError):
    """Why a line is rejected: its argument is the code."""


def parse_queue_log(line: str) -> e.Parsed:
    fields = line.split("|")
    try:
        if ODD_IN_LINE.search(line):
            raise _BadLineError("control_character")
        if len(fields) < _HEAD:
            raise _BadLineError("too_few_fields")
        at = _moment(fields[0])
        call_id, queue, agent, event = fields[1:_HEAD]
        if event == "QUEUESTART":
            return e.AsteriskStarted(at)
        if event in FLOOR:
            return parse_floor(event, at, call_id, agent, fields[_HEAD:])
        if event == "DIALLED":
            return _dialled(at, fields[_HEAD:])
        reader = _READERS.get(event)
        if reader is None:
            return None
        if not _CALL_ID.match(call_id):
            raise _BadLineError("call_id")
        return reader(_Said((at, call_id, _queue(queue)), queue, agent, fields[_HEAD:]))
    except _BadLineError as bad:
        return e.Rejected(str(bad))


def parse_cel(line: str) -> e.Parsed:
    try:
        if ODD_IN_LINE.search(line):
            raise _BadLineError("control_character")
        try:
            rows = list(csv.reader([line], strict=True))
        except csv.Error:
            raise _BadLineError("not_csv") from None
        if len(rows) != 1 or len(rows[0]) < _CEL_COLUMNS:
            raise _BadLineError("too_few_fields")
        event, time, channel, call_id, name = rows[0][:5]
        if event not in ("CHAN_START", "ANSWER", "HANGUP", "BRIDGE_ENTER", "BRIDGE_EXIT"):
            return None
        at = _moment(time)
        if not _CALL_ID.match(call_id) or not _CALL_ID.match(channel):
            raise _BadLineError("call_id")
        seat = _SEAT_CHANNEL.match(name)
        if event in ("BRIDGE_ENTER", "BRIDGE_EXIT"):
            return e.Bridged(at, call_id, _move(at, call_id, rows[0], seat[1] if seat else None))
        if channel == call_id:
            caller = {"CHAN_START": e.CallStarted, "HANGUP": e.CallerLeft}.get(event)
            return caller(at, call_id) if caller else None
        if seat is None:
            return None
        if event == "CHAN_START":
            return e.SeatRang(at, call_id, seat[1], channel)
        return (e.SeatAnswered if event == "ANSWER" else e.SeatLeft)(at, call_id, channel)
    except _BadLineError as bad:
        return e.Rejected(str(bad))


def _move(at: datetime, call_id: str, row: list[str], seat: str | None) -> Move:
    bridge, technology = _BRIDGE.search(row[10]), _TECHNOLOGY.search(row[10])
    if bridge is None or technology is None:
        raise _BadLineError("bridge")
    channel, local = row[2], _LOCAL_CHANNEL.match(row[4])
    number = None if seat or local or channel == call_id else normalise(row[5]) or None
    return Move(at, channel, bridge[1], row[0] == "BRIDGE_ENTER", seat, number, local[1] if local else None,
                technology[1] != _HOLDS_ONLY)


def _moment(text: str) -> datetime:
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,6})?", text):
        raise _BadLineError("time")
    seconds, _, fraction = text.partition(".")
    if not 0 < int(seconds) < _LAST_MOMENT:
        raise _BadLineError("time")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int((fraction or "0").ljust(6, "0")))


def _queue(name: str) -> str | None:
    """The site's queue id: its stages are queues of Asterisk's own. None for a seat's own queue."""
    if name in ("NONE", ""):
        return None
    queue = stage_of(name).queue
    if queue and not _QUEUE.match(queue):
        raise _BadLineError("queue")
    return queue or None


def _whole(text: str, reason: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST:
        raise _BadLineError(reason)
    return int(text)


def _maybe_whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _fit(pattern: re.Pattern[str], text: str, reason: str) -> str:
    if not pattern.match(text):
        raise _BadLineError(reason)
    return text


def _need(data: list[str], count: int) -> list[str]:
    if len(data) < count:
        raise _BadLineError("too_few_fields")
    return data


def _language(text: str) -> str:
    if text not in ("zh", "en"):
        raise _BadLineError("language")
    return text


@dataclass(frozen=True)
class _Said:
    """A line's fields: what every entry begins with (at, call id, our queue), Asterisk's queue, agent, data."""

    head: tuple[datetime, str, str | None]
    queue: str
    agent: str
    data: list[str]


_Reader = Callable[[_Said], e.CallEntry]


def _entered(said: _Said) -> e.LineEntry:
    dialled, number, node = _need(said.data, 3)[:3]
    return e.Entered(*said.head, _fit(re.compile(r"^\+?\d{1,31}$"), dialled, "dialled"),
                     normalise(number) or None, _fit(_WORD, node, "node"))


def _looked_up(said: _Said) -> e.LineEntry:
    household, language = _need(said.data, 2)[:2]
    return e.LookedUp(*said.head, _whole(household, "household") if household else None,
                      language if language in ("zh", "en") else None)


def _routed(said: _Said) -> e.LineEntry:
    pool, of = _need(said.data, 2)[:2]
    return e.Routed(*said.head, _fit(_WORD, pool, "pool"), _fit(_WORD, of, "pool"))


def _overflowed(said: _Said) -> e.LineEntry:
    stage = _whole(_need(said.data, 1)[0], "stage")
    if not 1 <= stage <= OUTSIDE_STAGE:
        raise _BadLineError("stage")
    return e.Overflowed(*said.head, stage)


def _prioritised(said: _Said) -> e.LineEntry:
    points = _fit(re.compile(r"^-?[0-9]{1,4}$"), _need(said.data, 1)[0], "points")
    return e.Prioritised(*said.head, int(points), said.data[1][:80] if len(said.data) > 1 else "")


def _nuisance(said: _Said) -> e.LineEntry:
    return e.Nuisance(*said.head, _fit(re.compile(r"^(warn|queue|block)$"), _need(said.data, 1)[0], "treatment"))


def _connected(said: _Said) -> e.LineEntry:
    channel = said.data[1] if len(said.data) > 1 and _CALL_ID.match(said.data[1]) else None
    return e.Connected(*said.head, _fit(_ANY_SEAT, said.agent, "seat"), channel,
                       _maybe_whole(said.data[2]) if len(said.data) > 2 else None)


def _missed(said: _Said) -> e.LineEntry:
    rang_ms = _maybe_whole(said.data[0]) if said.data else None
    return e.RingMissed(*said.head, _fit(_ANY_SEAT, said.agent, "seat"),
                        None if rang_ms is None else rang_ms / 1000)


def _rated(said: _Said) -> e.LineEntry:
    rating = _need(said.data, 1)[0]
    if rating not in ("1", "2", "3"):
        raise _BadLineError("rating")
    return e.Rated(*said.head, int(rating))


def _called_back(said: _Said) -> e.LineEntry:
    number = normalise(_need(said.data, 1)[0])
    if not number:
        raise _BadLineError("number")
    return e.CallbackAsked(*said.head, number, said.data[1] if said.data[1:2] in (["kept"], ["already"]) else "")


def _placed(said: _Said) -> e.LineEntry:
    ident, attempt, number, household = (*_need(said.data, 2), "", "")[:4]
    return e.Placed(*said.head, _fit(_CALL_ID, ident, "callback"), _whole(attempt, "attempt"), normalise(number) or None,
                    _whole(household, "household") if household else None)


def _rang_back(said: _Said) -> e.LineEntry:
    ident, attempt, result = _need(said.data, 3)[:3]
    return e.RangBack(*said.head, _fit(_CALL_ID, ident, "callback"), _whole(attempt, "attempt"),
                      _fit(_RESULT, result, "result"), said.agent if _SEAT.match(said.agent) else None)


def _dialled(at: datetime, data: list[str]) -> e.Dialled:
    task, attempt, result, key = _need(data, 4)[:4]
    return e.Dialled(at, _fit(_TASK, task, "task"), _whole(attempt, "attempt"), _fit(_RESULT, result, "result"),
                     _fit(_PRESSED, key, "key"))


_READERS: Final[dict[str, _Reader]] = {
    "ENTERED": _entered,
    "CALLER": _looked_up,
    "LOOKUPLATE": lambda said: e.LookupLate(*said.head),
    "MENU": lambda said: e.KeyPressed(*said.head, _fit(_WORD, _need(said.data, 2)[0], "menu"),
                                            _fit(re.compile(r"^[0-9*#a-z]$"), said.data[1], "key")),
    "LANGUAGE": lambda said: e.LanguageChosen(*said.head, _language(_need(said.data, 1)[0])),
    "ENTERQUEUE": lambda said: e.Queued(*said.head, stage_of(said.queue).number or 0),
    "ROUTED": _routed,
    "OVERFLOW": _overflowed,
    "PRIORITY": _prioritised,
    "NUISANCE": _nuisance,
    "OUTSIDE": lambda said: e.OutsideAnswered(*said.head, normalise(_need(said.data, 1)[0]) or None),
    "CONNECT": _connected,
    "RINGNOANSWER": _missed,
    "COMPLETECALLER": lambda said: e.Released(*said.head),
    "COMPLETEAGENT": lambda said: e.Released(*said.head),
    "BLINDTRANSFER": lambda said: e.Released(*said.head),
    "ATTENDEDTRANSFER": lambda said: e.Released(*said.head),
    "ABANDON": lambda said: e.GaveUp(*said.head),
    "SURVEY": _rated,
    "VOICEMAIL": lambda said: e.VoicemailLeft(*said.head, _fit(_FILE, _need(said.data, 2)[0], "file"),
                                                    _whole(said.data[1], "seconds")),
    "CALLBACK": _called_back,
    "ESTIMATE": lambda said: e.WaitTold(*said.head, _whole(_need(said.data, 1)[0], "seconds")),
    "PLACE": _placed,
    "RANGBACK": _rang_back,
    "RECORDING": lambda said: e.RecordingBegun(*said.head, _fit(_FILE, _need(said.data, 1)[0], "file")),
    "DRILLOVER": lambda said: e.DrillOver(*said.head, _fit(_WORD, _need(said.data, 1)[0], "why")),
    "ENDED": lambda said: e.Ended(*said.head, _maybe_whole(said.data[0]) if said.data else None),
}
