"""No log line carries a caller's number or a secret."""

from __future__ import annotations

import json

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from callcenter.logs import HIDDEN, configure_logs, hidden_in, hide_personal


def logged(**fields: object) -> dict[str, object]:
    return dict(hide_personal(None, "info", {"event": "x", **fields}))


@pytest.mark.parametrize("field", ["number", "contact", "caller", "Caller", "phone"])
def test_a_field_named_for_a_number_keeps_its_last_four_digits(field: str) -> None:
    assert logged(**{field: "+8613800138000"})[field] == "**********8000"


@given(st.integers(min_value=10**10, max_value=10**11 - 1))
def test_a_number_anywhere_in_a_text_is_masked(number: int) -> None:
    shown = hidden_in(f"ringing {number}, again")
    assert str(number) not in shown
    assert shown.endswith(f"{str(number)[-4:]}, again")


def test_numbers_in_lists_and_mappings_are_masked() -> None:
    assert logged(seen=["13800138000"], inner={"caller": "1001", "deep": {"x": "+8613800138000"}}) == {
        "event": "x", "seen": ["*******8000"], "inner": {"caller": "1001", "deep": {"x": "**********8000"}}}


def test_secrets_and_passwords_in_urls_are_hidden() -> None:
    shown = logged(ami_secret="abc", Password="p", url="postgresql://u:pw@host/db")
    assert shown == {"event": "x", "ami_secret": HIDDEN, "Password": HIDDEN, "url": f"postgresql://u:{HIDDEN}@host/db"}


@pytest.mark.parametrize("text", ["node1-1795363200.17", "2026-11-22 10:00:00", "2026-11-22", "127.0.0.1:4573", "3-1-502", "1001"])
def test_call_ids_times_addresses_and_seats_stay(text: str) -> None:
    assert hidden_in(text) == text


def test_a_process_logs_json_lines_under_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("agi")
    try:
        structlog.get_logger().info("hello", number="13800138000", port=4573)
    finally:
        structlog.reset_defaults()
    line = json.loads(capsys.readouterr().out)
    assert (line["process"], line["event"], line["number"], line["port"]) == ("agi", "hello", "*******8000", 4573)
