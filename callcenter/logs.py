"""Logs as data: one JSON object a line on stdout, without callers' numbers and without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from callcenter.numbers import masked

NUMBER_FIELDS: Final = frozenset({"number", "numbers", "contact", "caller", "callerid", "caller_id", "phone", "mobile",
                                  "callback", "did", "destination"})
SECRET_WORDS: Final = ("password", "passwd", "secret", "token", "authorization", "cookie", "api_key")
HIDDEN: Final = "[hidden]"

# Seven to fifteen digits with or without "+", single spaces or hyphens between: a phone number, standing alone. A call
# id (`node1-1795363200.17`), a time and an address keep their digits: they touch a letter, a dot, a colon or a slash.
_NUMBER: Final = re.compile(r"(?<![\w.:/@-])\+?\d(?:[ -]?\d){6,14}(?![\w:/@-]|\.\d)")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?![\d])")
_IN_URL: Final = re.compile(r"(://[^:/@\s]*):[^@\s]+@")


def configure_logs(process: str) -> None:
    """Call once, first thing in a process. The standard library's loggers are written the same way."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    final: list[Processor] = [_names(process), hide_personal,
                              structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
    ))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def hide_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog's processor: masks numbers and secrets in every field, also inside lists and mappings."""
    return {key: value if key in ("at", "level", "process") else _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: Any) -> Any:
    name = key.lower()
    if any(word in name for word in SECRET_WORDS):
        return HIDDEN if value else value
    if isinstance(value, Mapping):
        return {inner: _hidden(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(key, item) for item in value]
    if isinstance(value, bool | float) or value is None:
        return value
    if name in NUMBER_FIELDS:
        return masked(str(value))
    return value if isinstance(value, int) else hidden_in(str(value))


def hidden_in(text: str) -> str:
    """A sentence with its phone numbers and the passwords of its URLs masked."""
    return _NUMBER.sub(_masked_number, _IN_URL.sub(rf"\1:{HIDDEN}@", text))


def _masked_number(found: re.Match[str]) -> str:
    text = found[0]
    return text if _DATE.match(text) else masked(text)


def _names(process: str) -> Processor:
    def name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"process": process, **event}
    return name
