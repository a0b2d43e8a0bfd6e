"""An Asterisk for each module of tests, made from the module's SITE, and a line of phones to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hotline.instance import Hotline, free_offset
from hotline.line import Line
from hotline.prompts import make_prompts
from hotline.sites import TestSite

from callcenter.phones import Phones


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    make_prompts(folder)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory,
                  sounds: Path) -> AsyncIterator[Hotline]:
    site: TestSite = getattr(request.module, "SITE", TestSite())
    with free_offset() as offset:
        async with Hotline(tmp_path_factory.mktemp("hotline"), site.text(), offset, sounds=sounds) as hotline:
            yield hotline


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phones(hotline: Hotline) -> AsyncIterator[Phones]:
    async with hotline.phones() as phones:
        yield phones


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_line(hotline: Hotline, phones: Phones, sounds: Path) -> Line:
    return Line(hotline, phones, sounds)


@pytest_asyncio.fixture(loop_scope="module")
async def line(module_line: Line) -> AsyncIterator[Line]:
    yield module_line
    await module_line.rest()
