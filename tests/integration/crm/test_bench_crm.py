"""That bench/crm.py still measures what it says: with few households, both ways to each answer, on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
READS = ("lookup", "list_kind", "list_estate", "list_assignee", "list_number", "history", "month", "complaints")


def test_every_read_has_the_answer_of_the_sql_by_hand_and_every_figure_is_there() -> None:
    """It ends before it prints anything when two answers differ. How quick it was is not for a test to say."""
    done = subprocess.run([sys.executable, "bench/crm.py", "--households", "2000", "--rounds", "2", "--json"], cwd=REPOSITORY,
                          capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"sqlite", "postgresql"}
    for parts in found.values():
        assert all(parts["reads"][f"{read}_ratio"] > 0 for read in READS)
        assert parts["tick"]["tick_busy_growth"] > 0
