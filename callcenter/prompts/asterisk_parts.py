"""The names under which Asterisk 22 looks for the parts of numbers, dates and queue positions, by language.

A part that is missing is no error to Asterisk: it leaves a hole in the sentence or says it in English. So the
names are listed here, from reading `main/say.c` and `apps/app_queue.c`; `check` holds the texts against them.
"""

from __future__ import annotations

from typing import Final

_QUEUE: Final = frozenset(
    f"queue-{name}"
    for name in (
        "youarenext", "thereare", "callswaiting", "quantity1", "quantity2", "holdtime", "minute", "minutes",
        "seconds", "thankyou", "reporthold", "periodic-announce",
    )
)  # fmt: skip
_DIGITS: Final = frozenset(f"digits/{number}" for number in (*range(21), *range(30, 100, 10)))
_NUMBER_WORDS: Final = frozenset({"digits/hundred", "digits/thousand", "digits/minus"})
_KEYS: Final = frozenset({"digits/star", "digits/pound"})
_CALENDAR: Final = frozenset(
    {f"digits/day-{day}" for day in range(7)}  # 0 is Sunday
    | {f"digits/mon-{month}" for month in range(12)}  # 0 is January
    | {f"digits/{word}" for word in ("a-m", "p-m", "oclock", "today", "yesterday", "at")}
)
_LETTERS: Final = frozenset(
    {f"letters/{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"}
    # Asterisk's own spelling of "exclamation"
    | {f"letters/{sign}" for sign in ("at", "dash", "dollar", "dot", "equals", "exclaimation-point", "plus")}
    | {"letters/slash", "letters/space"}
)
_COMMON: Final = _QUEUE | _DIGITS | _NUMBER_WORDS | _KEYS | _CALENDAR | _LETTERS
_ORDINALS: Final = frozenset(
    f"digits/h-{number}"
    for number in (*range(1, 21), *range(30, 100, 10), "hundred", "thousand", "million", "billion")
)

REQUIRED: Final = {
    "zh": _COMMON | {"digits/wan", "digits/yi", "digits/day", "digits/year", "minute", "second"},
    "en": _COMMON
    | _ORDINALS
    | {"digits/million", "digits/billion", "digits/oh", "digits/tomorrow", "minutes", "second", "seconds"},
}
TONES: Final = frozenset({"beep", "beeperr", "silence/1"})
