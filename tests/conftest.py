"""Every test has a category, by its folder: what it may touch, and what a failure of it means."""

from __future__ import annotations

from pathlib import Path

import pytest

CATEGORIES = ("unit", "integration", "telephony", "browser", "chaos")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if folder not in CATEGORIES:
            raise pytest.UsageError(f"{item.nodeid}: belongs below tests/{{{','.join(CATEGORIES)}}}")
