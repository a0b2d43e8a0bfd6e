"""The servers of bench/agi.py, one a process: ours with the real look-up, the two peers with handlers that do nothing.

`python bench/agi_peers.py sixring|panoramisk|pystrix PORT [DATABASE_URL]`
"""

from __future__ import annotations

import asyncio
import sys

HOST = "127.0.0.1"


def panoramisk(port: int) -> None:
    from panoramisk.fast_agi import Application

    async def nothing(request: object) -> None:
        return None

    async def serve() -> None:
        application = Application(loop=asyncio.get_running_loop())
        application.add_route("lookup", nothing)
        server = await asyncio.start_server(application.handler, HOST, port, backlog=1024)
        await server.serve_forever()

    asyncio.run(serve())


def pystrix(port: int) -> None:
    from pystrix.agi import FastAGIServer

    def nothing(*_: object) -> None:
        return None

    server = FastAGIServer(interface=HOST, port=port)
    server.register_script_handler("lookup", nothing)
    server.serve_forever()


def sixring(port: int, database_url: str) -> None:
    import threading

    from agi.__main__ import open_server
    from agi.directory import Directory, Source
    from agi.lookup import Lookup
    from agi.memory import Memory, MemoryReader
    from agi.server import Limits
    from callcenter.clock import SystemClock
    from crm.database import open_database

    directory, stopping = Directory(Source(database_url)), threading.Event()
    directory.probe()
    memory = Memory(SystemClock())
    MemoryReader(memory, open_database(database_url), stopping).start()
    open_server(port, {"lookup": Lookup(directory, memory, {})}, Limits(), stopping)
    stopping.wait()


if __name__ == "__main__":
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "sixring":
        sixring(port, sys.argv[3])
    else:
        {"panoramisk": panoramisk, "pystrix": pystrix}[kind](port)
