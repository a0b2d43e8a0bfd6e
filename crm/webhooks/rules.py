"""What webhooks decide, without doing it: who wants an event, how a letter is signed, when it is tried again. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from callcenter.errors import SixringError
from crm.webhooks.addresses import Allowed, ip_of

State = Literal["waiting", "delivered", "failed"]
Because = Literal["by_hand", "failing"]
Unanswered = Literal["no_such_host", "address_refused", "no_connection", "tls", "timeout", "bad_answer"]
TESTED: Final = "webhook.tested"
# After each try that failed; together a little less than a day.
DELAYS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, *[14_400] * 5))
GIVEN_UP_AFTER: Final = timedelta(days=3)     # without one delivery that got through
LONGEST_URL: Final = 500
_PATTERN: Final = re.compile(r"\*|[a-z][a-z_]*\.(\*|[a-z][a-z_]*)")
_PRINTABLE: Final = re.compile(r"[!-~]+")


class UrlRefused(SixringError):
    """No address that webhooks are sent to: https, a host, no name and password in it, and no machine of the inside
    that the site file does not name."""

    code = "url_refused"
    status = 422


class EventsRefused(SixringError):
    """No pattern of events: `*`, `ticket.*`, `ticket.opened`."""

    code = "events_refused"
    status = 422


@dataclass(frozen=True)
class Reply:
    """What came of one try. `status` None: no answer, `error` says why."""

    status: int | None = None
    error: Unanswered | None = None

    @property
    def is_received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check_events(patterns: Sequence[str]) -> None:
    """Raises EventsRefused."""
    if not patterns or not all(_PATTERN.fullmatch(pattern) for pattern in patterns):
        raise EventsRefused


def check_url(url: str, allowed: Allowed) -> None:
    """What can be said without asking for the host's addresses; those are looked at each time that something is sent.
    Raises UrlRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UrlRefused from error
    if not host or port == 0 or len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise UrlRefused
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlRefused
    address = ip_of(host)
    if address is not None and not allowed.address(address):
        raise UrlRefused
    if parts.scheme != "https" and not (parts.scheme == "http" and address is not None and address.is_loopback):
        raise UrlRefused     # in the clear only to this very machine


def wants(patterns: Sequence[str], estates: Sequence[int] | None, what: str, estate_id: int | None) -> bool:
    """What belongs to no estate is everybody's."""
    if estates is not None and estate_id is not None and estate_id not in estates:
        return False
    return any(pattern in ("*", what) or (pattern.endswith(".*") and what.startswith(pattern[:-1])) for pattern in patterns)


def signature(secret: str, body: bytes, at: datetime) -> str:
    """`t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`. The time is signed, so that an old letter can be told."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def next_try(tries: int, now: datetime) -> datetime | None:
    """After so many tries that failed; None: no more."""
    return now + DELAYS[tries - 1] if tries <= len(DELAYS) else None


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    return failing_since is not None and now - failing_since >= GIVEN_UP_AFTER
