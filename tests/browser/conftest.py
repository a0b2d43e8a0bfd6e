"""A Chromium for each file of tests: playwright's loop must be over before a file with a loop of its own begins.

`room` is the other kind: everything real, for files with a loop of their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright import async_api, sync_api
from playwright.sync_api import Browser
from wall.chromium import chromium
from wall.room import Room, staffed_room

from callcenter.phones import PATIENCE_S

sync_api.expect.set_options(timeout=PATIENCE_S * 1000)
async_api.expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built_room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with staffed_room(tmp_path_factory.mktemp("room")) as room:
        yield room


@pytest_asyncio.fixture(loop_scope="module")
async def room(built_room: Room) -> AsyncIterator[Room]:
    """Nobody calls and nobody is signed in at its beginning."""
    yield built_room
    await built_room.rest()
