"""A stored number is dialled as a Chinese trunk wants it."""

from __future__ import annotations

import pytest

from callcenter.numbers import as_dialled, normalise


@pytest.mark.parametrize("typed", ["13900000001", "051288886666", "4008006666", "01062345678", "1001", "110"])
def test_what_was_typed_is_dialled_again(typed: str) -> None:
    assert as_dialled(normalise(typed)) == typed


def test_a_foreign_number_is_dialled_with_its_country() -> None:
    assert as_dialled("+442079460000") == "00442079460000"
