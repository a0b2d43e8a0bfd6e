from __future__ import annotations

import threading
from datetime import UTC, datetime

from callcenter.clock import FakeClock
from crm.herald import Herald


def test_that_redis_came_back_while_it_was_asked_is_told_the_next_time() -> None:
    herald = Herald("redis://127.0.0.1:1/0", FakeClock(datetime(2026, 11, 22, 4, 0, tzinfo=UTC)))

    class JustThen(threading.Event):
        def is_set(self) -> bool:
            before = super().is_set()
            self.set()
            return before

    herald._came_back = JustThen()
    assert [herald.came_back(), herald.came_back()] == [False, True]
