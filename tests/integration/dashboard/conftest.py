"""One dashboard process, one Redis and one SQLite file for a test file; a test that breaks them gets its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hotline.own_redis import Redis
from wall.rig import DashboardProcess, DashboardThread, Floor, running, running_here
from wall.team import TEAM

from callcenter.settings import Settings

Rig = tuple[Redis, Settings, DashboardThread]
Killable = tuple[Redis, Settings, DashboardProcess]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_here(tmp_path_factory.mktemp("dashboard")) as made:
        yield made


@pytest.fixture
def own_rig(tmp_path: Path) -> Iterator[Rig]:
    with running_here(tmp_path) as made:
        yield made


@pytest.fixture
def killable_rig(tmp_path: Path) -> Iterator[Killable]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def free_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Free seating: the user `agent` is agent 801; nobody else is one."""
    with running_here(tmp_path_factory.mktemp("free"), TEAM) as made:
        yield made


@pytest.fixture
def url(rig: Rig) -> str:
    return rig[2].url


@pytest.fixture
def floor(own_rig: Rig) -> Iterator[Floor]:
    made = Floor(own_rig[0].url)
    yield made
    made.close()
