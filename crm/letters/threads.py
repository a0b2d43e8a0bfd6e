"""Every kind of letter, what is most urgent first; and crm's one thread that sends them."""

from __future__ import annotations

import threading
from typing import Any

from callcenter.clock import Clock
from callcenter.site import Site
from crm.callin.letters import call_in_letters
from crm.database import Database
from crm.incidents.declared.chat import CHAT_TEXTS
from crm.letters.deliverer import Deliverer
from crm.letters.service import Letters
from crm.notices.channels import Secrets, channels_of
from crm.notices.deliveries import NOTICES
from crm.reports.schedules.letters import REPORT_LETTERS
from crm.surge.letters import surge_letters
from crm.texts.service import texts
from crm.threads import Reports, started


def kinds_of_letters(site: Site) -> tuple[Letters[Any], ...]:
    return surge_letters(site), CHAT_TEXTS, call_in_letters(site), NOTICES, texts(site), REPORT_LETTERS


def letters_thread(database: Database, site: Site, secrets: Secrets, clock: Clock, report: Reports,
                   stop: threading.Event) -> threading.Thread:
    """Running. It ends within seconds of `stop`."""
    deliverer = Deliverer(database, kinds_of_letters(site), channels_of(site, secrets), clock, report)
    return started("letters", deliverer.rounds, stop, report)
