"""Whoever sends it, and however it is sent: no body is kept in memory that nothing here could want."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from callcenter.settings import CHECKOUT, new_settings
from callcenter.site import load_site
from dashboard.app import create_app
from dashboard.bodies import MOST, MOST_JSON

PIECE = b" " * 2**20
SITE = CHECKOUT / "asterisk-config/site.yaml"


def test_a_body_that_never_ends_is_read_up_to_what_anything_here_could_want(tmp_path: Path) -> None:
    app = create_app(new_settings(tmp_path, offset=0, site_file=SITE), site=load_site(SITE), pages=tmp_path)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 4 * MOST:
            read += len(PIECE)
            yield PIECE

    async def asked(headers: dict[str, str]) -> tuple[int, str, int]:
        nonlocal read
        read = 0
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answer = await client.post("/api/v1/session", content=endless(), headers=headers)
        return answer.status_code, answer.json()["code"], read

    for kind, most in (("application/json; charset=utf-8", MOST_JSON), ("application/octet-stream", MOST), ("", MOST)):
        assert asyncio.run(asked({"Content-Type": kind})) == (413, "too_large", most + len(PIECE)), "nobody is known yet"
        declared = {"Content-Type": kind, "Content-Length": str(most + 1)}
        assert asyncio.run(asked(declared)) == (413, "too_large", 0)
