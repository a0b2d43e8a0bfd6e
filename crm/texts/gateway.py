"""The gateway that sends texts: its request made of the site file's template, its answer read. A way out like mail and robots."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from callcenter.numbers import as_dialled
from callcenter.site.texts import IDENT, SECRET, TEXT, TO, TextGateway

CHANNEL: Final = "text"
KEPT_AS: Final = "texts"         # its name in the secrets file
LONGEST_CODE: Final = 8
_PLACES: Final = re.compile("|".join(re.escape(name) for name in (TO, TEXT, IDENT, SECRET)))


@dataclass(frozen=True)
class Request:
    url: str
    body: bytes
    headers: dict[str, str]


def request(gateway: TextGateway, number: str, text: str, ident: str, secret: str) -> Request:
    """`number` in E.164. What stands in a text is never taken for a placeholder."""
    said = {TO: number if gateway.number == "e164" else as_dialled(number), TEXT: text, IDENT: ident, SECRET: secret}
    body = json.dumps(_filled(gateway.body, said), ensure_ascii=False).encode()
    headers = {name: _put(value, said) for name, value in gateway.headers.items()}
    return Request(gateway.url, body, {"Content-Type": "application/json; charset=utf-8", **headers})


def refused(gateway: TextGateway, answer: bytes) -> str | None:
    """The gateway's own code where it says one, when it did not take the text; None when it did."""
    if not gateway.taken:
        return None
    try:
        said = json.loads(answer)
    except ValueError:
        return "not_its_answer"
    if not isinstance(said, dict):
        return "not_its_answer"
    return next((_code(name, said.get(name)) for name, value in gateway.taken.items() if said.get(name) != value), None)


def _code(name: str, said: JsonValue) -> str:
    """Short ones alone: a gateway may say whom it was to send to."""
    return f"{name}_{said}" if isinstance(said, str | int) and len(str(said)) <= LONGEST_CODE else f"{name}_other"


def _filled(value: JsonValue, said: dict[str, str]) -> JsonValue:
    match value:
        case str():
            return _put(value, said)
        case list():
            return [_filled(one, said) for one in value]
        case dict():
            return {name: _filled(one, said) for name, one in value.items()}
        case _:
            return value


def _put(template: str, said: dict[str, str]) -> str:
    """In one pass: a text that says `{secret}` is sent as it is."""
    return _PLACES.sub(lambda found: said[found[0]], template)
