"""tests/fixtures/board-events.json is made here, from Python, and read by the page's tests: the two folds must agree.

`SIXRING_WRITE_FIXTURES=1 pytest tests/unit/dashboard/test_board_fixture.py` writes it anew.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from wall.scene import everything_that_can_happen

from callcenter.board import BOARD, replay
from callcenter.events import AnyEvent, Board, event_to_json

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures/board-events.json"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def _event(event: AnyEvent) -> dict[str, object]:
    kind, body = event_to_json(event)
    return {"type": kind, **json.loads(body)}


def test_the_fixture_of_the_page_is_what_python_folds() -> None:
    events = everything_that_can_happen(NOW)
    made = {"events": [_event(event) for event in events], "board": json.loads(BOARD.dump_json(replay(Board(), events)))}
    if os.environ.get("SIXRING_WRITE_FIXTURES"):
        FIXTURE.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert json.loads(FIXTURE.read_text(encoding="utf-8")) == made


def test_the_fixture_has_every_kind_of_event() -> None:
    kinds = {event["type"] for event in json.loads(FIXTURE.read_text(encoding="utf-8"))["events"]}
    assert kinds == {kind.__name__ for kind in AnyEvent.__args__}
