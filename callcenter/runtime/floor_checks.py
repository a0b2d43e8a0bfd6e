"""What `doctor` looks at on the floor: whether callers will find somebody, and whether what is counted can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import SystemClock
from callcenter.events import Health
from callcenter.runtime.findings import Bad, Finding, Good, is_up
from callcenter.runtime.probes import health
from callcenter.runtime.staffing import DRIFT_WITHIN, drift_since, read_board, read_roster, staff_of
from callcenter.site.load import SiteErrors, load_site

if TYPE_CHECKING:
    from callcenter.settings import Settings

_NO_PIN = text("SELECT code FROM agents WHERE active AND pin_hash IS NULL ORDER BY code")


def pins(settings: Settings) -> Iterator[Finding]:
    """An agent without a PIN cannot sign in at a phone."""
    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url[10:]).exists():
        return
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            without = list(connection.scalars(_NO_PIN))
    except SQLAlchemyError:
        return      # the check of the database says so
    finally:
        engine.dispose()
    if without:
        yield Bad(f"no PIN: {', '.join(without)}", "give one on the page or with POST /api/v1/agents/CODE/pin")
    else:
        yield Good("every agent has one")


def queues(settings: Settings) -> Iterator[Finding]:
    """A queue that nobody has the skill for, or where nobody has signed in: its callers are left to the backup seats."""
    if not is_up(settings):
        return
    try:
        site = load_site(settings.site_file)
        roster, board = read_roster(settings), read_board(settings)
    except (SiteErrors, redis.RedisError, OSError):
        return      # other checks say so
    if roster is None:
        yield Bad("no roster is published: acd goes on with the last that it heard", "read `sixring logs crm`")
    if board is None:
        yield Bad("acd has written no board", "read `sixring logs acd`")
    if roster is None or board is None:
        return
    for one in staff_of(site, roster, board):
        if not one.skilled:
            yield Bad(f"{one.queue}: no agent has the skill", "give it to somebody on the page; the backup seats ring meanwhile")
        elif not one.signed_in:
            yield Bad(f"{one.queue}: none of {one.skilled} agents is signed in", "the backup seats ring until somebody signs in")
        else:
            yield Good(f"{one.queue}: {one.signed_in} of {one.skilled} agents signed in")


def drift(settings: Settings) -> Iterator[Finding]:
    """Somebody or something changes Asterisk's queues beside acd."""
    if not is_up(settings):
        return
    try:
        count, last = drift_since(settings, SystemClock().now() - DRIFT_WITHIN)
    except (redis.RedisError, OSError):
        return
    if count:
        yield Bad(f"acd mended {count} in Asterisk's queues within the hour, last {last}",
                  "who changes queues by hand or with another tool? After a restart of Asterisk it is no fault")
    else:
        yield Good("nothing had to be mended within the hour")


def figures(settings: Settings) -> Iterator[Finding]:
    """Live feed, journal and app_queue have to count the same."""
    state = health(settings).get("figures")
    if state is None:
        return
    if state.state is Health.OK:
        yield Good("live, journal and Asterisk agree")
    else:
        yield Bad(f"differences that nobody can explain: {state.detail}", "look at /api/v1/figures/differences; trust the journal")
