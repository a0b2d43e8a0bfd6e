"""`python -m agi`: the FastAGI process. Runs until SIGTERM; waits for nothing and needs nobody to begin answering."""

from __future__ import annotations

import gc
import signal
import threading
from typing import Final

import structlog

from agi.channel import Channel
from agi.directory import Directory, Source
from agi.heartbeat import Heartbeat, Probe
from agi.lookup import Lookup
from agi.memory import Memory, MemoryReader
from agi.server import Handler, Limits, Server, listen
from agi.sign_in import Pins, SignIn
from callcenter.clock import SystemClock
from callcenter.logs import configure_logs
from callcenter.settings import LOOPBACK, Settings
from callcenter.site import load_site
from callcenter.site.load import SiteErrors
from crm.database import open_database

THREADS: Final = 24          # so many peers may be slow at once
RETRY_S: Final = 1.0

log = structlog.get_logger()


def main() -> None:
    configure_logs("agi")
    settings = Settings.load()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    directory = Directory(Source(settings.database_url))
    limits = Limits()
    database = open_database(settings.database_url)
    memory = Memory(SystemClock())
    MemoryReader(memory, database, stopping).start()
    scripts: dict[str, Handler] = {
        "lookup": Lookup(directory, memory, estates_of(settings)),
        "sign-in": SignIn(Pins(database, SystemClock()).check),
        "ping": _hang_up,      # the guard asks whether anybody is there, when Redis is not
    }
    server = open_server(settings.ports.agi, scripts, limits, stopping)
    if server is not None:
        Probe(directory, stopping).start()
        Heartbeat(settings.redis_url, directory, server, SystemClock(), stopping).start()
        log.info("agi_ready", port=settings.ports.agi)
        stopping.wait()
        server.stop()
    directory.close()
    database.close()
    log.info("agi_stopped")


def estates_of(settings: Settings) -> dict[str, str]:
    """Site id by name. A site file that cannot be read costs the estates, never the callers' names."""
    try:
        site = load_site(settings.site_file)
    except (SiteErrors, OSError) as error:
        log.error("site_unreadable", error=str(error))
        return {}
    return site.estate_ids


def _hang_up(_channel: Channel) -> None:
    return None


def open_server(port: int, scripts: dict[str, Handler], limits: Limits, stopping: threading.Event) -> Server | None:
    """A started server; waits while the port is taken. None when it is time to stop."""
    while not stopping.is_set():
        try:
            listener = listen(LOOPBACK, port, limits)
        except OSError as error:
            log.error("port_taken", port=port, error=error.strerror)
            stopping.wait(RETRY_S)
            continue
        server = Server(listener, scripts, threads=THREADS, limits=limits)
        gc.collect()
        gc.freeze()  # no later collection walks the modules: that would hold a caller for milliseconds
        server.start()
        return server
    return None


if __name__ == "__main__":
    main()
