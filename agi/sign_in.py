"""Is this the agent's PIN? The `sign-in` script: agent's code in, SIGN_IN yes or no out. It says nothing at all when nobody can
know: then the dialplan goes its own way, and the seat rings all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from agi.channel import Channel
from callcenter.clock import Clock
from callcenter.errors import Unavailable
from crm.database import Database
from crm.staff.agents import check_pin, compare_pin

log = structlog.get_logger()

VARIABLE: Final = "SIGN_IN"
PIN_VARIABLE: Final = "PIN"      # fetched, not an argument: arguments are shown on Asterisk's console

CheckPin = Callable[[str, str], bool]
"""(code, pin); raises Unavailable without a database."""


class SignIn:
    """The handler of the script."""

    def __init__(self, check: CheckPin) -> None:
        self._check = check

    def __call__(self, channel: Channel) -> None:
        code = channel.environment.get("agi_arg_1")
        pin = channel.get_variable(PIN_VARIABLE)
        try:
            right = self._check(code, pin)
        except Unavailable:
            return
        log.info("agent_pin", agent=code, right=right)
        channel.leave_with(VARIABLE, "yes" if right else "no")


class Pins:
    """The PINs of the database. A failed attempt is written there too, so that guessing is throttled whoever answers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def check(self, code: str, pin: str) -> bool:
        try:
            now = self._clock.now()
            with self._database.reading() as session:
                fits = compare_pin(session, code, pin, now)
            with self._database.writing.begin() as session:
                return check_pin(session, code, fits, now)
        except SQLAlchemyError as error:
            log.warning("pin_not_checked", error=type(error).__name__)
            raise Unavailable("database") from error
