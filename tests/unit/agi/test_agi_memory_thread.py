"""What a number's past does to the thread that reads it: nothing."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from agi.memory import Memory, MemoryReader
from crm.database import Database


@pytest.mark.rule("D1", part="what a leader decides holds from then on")
def test_a_row_that_cannot_be_read_does_not_end_the_reading() -> None:
    stopping, readings = threading.Event(), [0]

    class Odd:
        def read(self, _: Database) -> None:
            readings[0] += 1
            if readings[0] == 1:
                raise ValueError("a row of another version")
            stopping.set()

    reader = MemoryReader(cast(Memory, Odd()), cast(Database, None), stopping)
    reader.start()
    reader.join(60)
    assert (readings[0], reader.is_alive()) == (2, False)
