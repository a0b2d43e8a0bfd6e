"""What can become of an action."""

from __future__ import annotations

from typing import ClassVar

from callcenter.errors import SixringError, Unavailable


class AmiLost(Unavailable):
    """The link is, or went, down before the answer. Whether Asterisk acted is unknown: it is never asked again."""

    code: ClassVar[str] = "ami_lost"


class AmiTimedOut(Unavailable):
    """No answer within the deadline."""

    code: ClassVar[str] = "ami_timed_out"


class AmiRefused(SixringError):
    """Asterisk answered with an error."""

    code: ClassVar[str] = "ami_refused"
