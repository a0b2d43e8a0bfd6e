from __future__ import annotations

import pytest

from dashboard.live.socket import same_origin


@pytest.mark.parametrize(("origin", "host", "same"), [
    ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
    ("https://board.example.cn", "board.example.cn", True),
    (None, "127.0.0.1:8000", True),
    ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
    ("http://evil.example", "127.0.0.1:8000", False),
    ("null", "127.0.0.1:8000", False),
    ("http://127.0.0.1:8000.evil.example", "127.0.0.1:8000", False),
])
def test_only_the_own_page_is_of_the_same_origin(origin: str | None, host: str, same: bool) -> None:
    assert same_origin(origin, host) is same
