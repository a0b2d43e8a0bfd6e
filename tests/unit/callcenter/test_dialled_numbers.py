"""A stored number is dialled as a Chinese trunk wants it."""

from __future__ import annotations

import pytest

from callcenter.numbers import as_dialled, fits, normalise
from callcenter.site.parts import NATIONAL_NUMBERS, PRIVATE_NUMBERS


@pytest.mark.parametrize("typed", ["13900000001", "051288886666", "4008006666", "01062345678", "1001", "110"])
def test_what_was_typed_is_dialled_again(typed: str) -> None:
    assert as_dialled(normalise(typed)) == typed


def test_a_foreign_number_is_dialled_with_its_country() -> None:
    assert as_dialled("+442079460000") == "00442079460000"


@pytest.mark.parametrize("number", [
    "13900000001", "19912345678", "8613900000001", "051288886666", "01062345678", "02162345678", "03101234567", "09012345678",
    "07015234567", "62345678", "6234567", "8651288886666"])
def test_mobiles_and_landlines_in_china_may_be_rung_back(number: str) -> None:
    assert fits(PRIVATE_NUMBERS, number)
    assert fits(NATIONAL_NUMBERS, number)


@pytest.mark.parametrize("number", [
    "", "1", "00442079460000", "0085212345678", "09001234567", "090012345678", "16812345", "1681234567", "12345678901",
    "019001234567",
    "139000000011", "1390000000", "1390000000\uff11", "13900000001\n", "442079460000", "9001234567", "+8613900000001"])
def test_abroad_and_dear_numbers_may_not(number: str) -> None:
    assert not fits(PRIVATE_NUMBERS, number)
    assert not fits(NATIONAL_NUMBERS, number)


@pytest.mark.parametrize("number", ["110", "12345", "95588", "4008006666"])
def test_services_are_passed_on_to_and_not_rung_back(number: str) -> None:
    assert fits(NATIONAL_NUMBERS, number)
    assert not fits(PRIVATE_NUMBERS, number)


def test_a_pattern_reads_as_asterisk_reads_it() -> None:
    assert fits(["00X."], "00442079460000")
    assert not fits(["00X."], "004")
    assert fits(["[1-39]Z"], "91")
    assert not fits(["[1-39]Z", "N"], "40")
    assert not fits(["N"], "1")
    assert not fits([], "1")
