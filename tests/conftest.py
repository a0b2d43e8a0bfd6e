"""Every test has a category, by its folder: what it may touch, and what a failure of it means."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

# What lasts longest begins first, so that no worker is alone with it at the end (with --no-loadscope-reorder); and whole hotlines,
# whose start is heavy, among files of one Asterisk, which mostly wait.
LONGEST = ("test_soak.py", "test_whole_hotline.py", "test_agents.py", "test_callback.py", "test_overflow.py", "test_surge.py",
           "test_rescue.py", "test_drill.py", "test_kill_everything.py", "test_transfers.py", "test_lost_callers_rung.py",
           "test_routing.py", "test_callback_whole.py", "test_menus.py", "test_six_rings.py", "test_storm.py",
           "test_in_the_call.py", "test_mobile.py", "test_simulator_real.py", "test_dialling.py", "test_strange_names.py")
CATEGORIES = ("unit", "integration", "telephony", "browser", "chaos")
HERE = Path(__file__).parent

# How long an example takes says something of the machine and nothing of the code; `bench/` measures.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Without this structlog paints tracebacks with every local in them, which takes seconds; no process of ours logs so."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.KeyValueRenderer()])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if folder not in CATEGORIES:
            raise pytest.UsageError(f"{item.nodeid}: belongs below tests/{{{','.join(CATEGORIES)}}}")
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
