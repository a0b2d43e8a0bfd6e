"""What the crm process is made of: its parts are constructed here and nowhere else. Each thread is kept going by crm/threads.py."""

from __future__ import annotations

import signal
import threading
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from callcenter.bus import Publisher
from callcenter.clock import SystemClock
from callcenter.commands import Answer, Command
from callcenter.orders import Asker
from callcenter.settings import Settings
from callcenter.sign import Sign
from callcenter.site import load_site
from crm.callbacks.caller import CallbackCaller
from crm.callbacks.rules import RetryRule
from crm.callin.calling import CallingIn
from crm.callin.keeper import call_in_threads
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.calls.tally import tally_of
from crm.dialling.caller import Dialler
from crm.followups.keeper import FollowUpKeeper
from crm.forecast.keeper import forecast_thread
from crm.forecast.service import arrivals_expected
from crm.herald import Herald
from crm.incidents.declared.dialled import Dialled
from crm.incidents.declared.threads import incident_threads
from crm.instance import open_instance
from crm.ledgers.keeper import LedgerKeeper
from crm.notices.threads import desk_threads
from crm.outages.guard import FOLDER
from crm.outages.keeper import OutageKeeper
from crm.outbox.relay import Relay
from crm.privacy.doomed import ATTACHMENTS, RECORDINGS, VOICEMAIL
from crm.privacy.worker import Forgetter
from crm.process import Process
from crm.purposes import purposes
from crm.recordings.keys import KeyRing
from crm.recordings.seal import Sealer, Vault
from crm.repairs.dispatcher import Dispatcher
from crm.reports.differences import Comparison
from crm.reports.hearing import Hearing
from crm.staff.orders import OrdersAudited
from crm.surge.threads import surge_threads
from crm.threads import Rounds, started
from crm.webhooks.addresses import Allowed
from crm.webhooks.post import Post
from crm.webhooks.sender import Sender
from crm.webhooks.service import address_letters

PATIENCE_MS: Final = 20_000      # a dozen threads of its own and the pages write: SQLite has one writer at a time


def run(settings: Settings) -> None:
    """In the foreground until SIGTERM."""
    site, clock = load_site(settings.site_file), SystemClock()
    tz = ZoneInfo(site.timezone)
    database = open_instance(settings, busy_ms=PATIENCE_MS)
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())

    herald = Herald(settings.redis_url, clock)
    report, tell = herald.report, herald.tell
    hearing = Hearing(settings.redis_url, clock, tz, site.limits.short_abandon, report)
    orders = OrdersAudited(settings.redis_url, database, clock, report)
    asker = Asker(settings.redis_url, clock)

    def ask(command: Command) -> Answer:
        return asker.ask(command, "crm")

    sources = (Source(f"{settings.node}/queue_log", settings.queue_log, parse_queue_log, tally_of),
               Source(f"{settings.node}/cel", settings.cel_log, parse_cel))
    rule = RetryRule(site.desk.callback_tries, timedelta(seconds=site.desk.callback_retry))
    recorder = Recorder(database, sources, node=settings.node, tz=tz, short_abandon_s=site.limits.short_abandon, clock=clock,
                        seats_are_agents=not site.free_seating, callbacks=rule, purposes=purposes(site),
                        dial_busy=timedelta(seconds=site.dialling.busy))

    def read_until() -> datetime | None:
        return recorder.read_until

    herald.start()
    hearing.start()
    orders.start()
    thread = partial(_thread, stop, herald)
    vault = Vault(settings.recordings, KeyRing(settings.secrets))
    folders = {RECORDINGS: settings.recordings, VOICEMAIL: settings.voicemail, ATTACHMENTS: settings.attachments}
    threads = [
        thread("callbacks", CallbackCaller(database, rule, clock, ask=ask, tell=tell, read_until=read_until).rounds),
        thread("dialling", Dialler(database, site, purposes(site), clock, ask=ask, read_until=read_until).rounds),
        thread("relay", Relay(database, Publisher(settings.redis_url, tries_once=True), clock, address_letters).rounds),
        thread("recordings", Sealer(database, vault, clock, report).rounds, own=True),
        thread("webhooks", Sender(database, clock, Post(Allowed(site.webhooks.private_networks))).rounds),
        thread("dispatch", Dispatcher(database, site, clock).rounds),
        thread("retention", Forgetter(database, site, folders, clock).rounds),
        thread("followups", FollowUpKeeper(database, site, clock, report).rounds, own=True),
        thread("ledgers", LedgerKeeper(database, site, clock, report).rounds, own=True),
        thread("outages", OutageKeeper(database, site, settings.state / FOLDER, clock, tell, read_until).rounds),
        forecast_thread(database, site, clock, report, stop),
        *call_in_threads(database, site, settings.secrets, clock, report, stop),
        *desk_threads(database, site, settings.secrets, clock, report, stop),
        *surge_threads(database, site, settings, clock, herald, stop, calls_in=CallingIn(site), expected=arrivals_expected),
        *incident_threads(database, site, settings.site_file, settings.secrets, clock, herald, report, ask,
                          Dialled(site.dialling), stop),
    ]
    Process(database, recorder, herald, site, settings.recordings, settings.voicemail, clock,
            Comparison(database, hearing, tz, site.limits.short_abandon, report), Sign(settings.state, "crm")).run(stop)
    for each in threads:
        each.join(timeout=5)
    hearing.stop()
    orders.stop()
    herald.stop()
    database.close()


def _thread(stop: threading.Event, herald: Herald, name: str, rounds: Rounds, *, own: bool = False) -> threading.Thread:
    """`own`: it reports itself, well or not."""
    return started(name, rounds, stop, herald.report, reports_itself=own)
