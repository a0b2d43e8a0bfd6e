"""`python -m dashboard`: serves the API, the live feed and the pages on this machine; a proxy in front adds TLS.

`python -m dashboard describe` writes the API's description to standard output instead.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvicorn

from callcenter.logs import configure_logs
from callcenter.settings import CHECKOUT, LOOPBACK, Settings, new_settings
from dashboard.app import create_app


def uvicorn_config(settings: Settings) -> uvicorn.Config:
    # `websockets-sansio` is uvicorn's current shell around websockets; the other one uses what websockets deprecates.
    # A page that is open keeps its socket for ever: a stop must not wait for it.
    return uvicorn.Config(create_app(settings), host=LOOPBACK, port=settings.ports.web, ws="websockets-sansio",
                          ws_max_size=4096, timeout_graceful_shutdown=3, server_header=False, access_log=False,
                          log_config=None)


def description() -> dict[str, Any]:
    """Of the API of this version, which is the same for every site."""
    with tempfile.TemporaryDirectory(prefix="sixring-describe-") as folder:
        settings = new_settings(Path(folder), offset=0, site_file=CHECKOUT / "asterisk-config/site.yaml")
        return create_app(settings).openapi()


def main() -> None:
    if sys.argv[1:] == ["describe"]:
        json.dump(description(), sys.stdout, ensure_ascii=False)
        return
    configure_logs("dashboard")
    uvicorn.Server(uvicorn_config(Settings.load())).run()


if __name__ == "__main__":
    main()
