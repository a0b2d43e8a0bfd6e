"""`python -m dashboard`: serves the API, the live feed and the pages on this machine; a proxy in front adds TLS."""

from __future__ import annotations

import uvicorn

from callcenter.logs import configure_logs
from callcenter.settings import LOOPBACK, Settings
from dashboard.app import create_app


def uvicorn_config(settings: Settings) -> uvicorn.Config:
    # `websockets-sansio` is uvicorn's current shell around websockets; the other one uses what websockets deprecates.
    # A page that is open keeps its socket for ever: a stop must not wait for it.
    return uvicorn.Config(create_app(settings), host=LOOPBACK, port=settings.ports.web, ws="websockets-sansio",
                          ws_max_size=4096, timeout_graceful_shutdown=3, server_header=False, access_log=False,
                          log_config=None)


def main() -> None:
    configure_logs("dashboard")
    uvicorn.Server(uvicorn_config(Settings.load())).run()


if __name__ == "__main__":
    main()
