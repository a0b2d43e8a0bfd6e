"""What a site file says of its posture in a surge and of an evacuation; a mistake in it is told before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from callcenter.settings import CHECKOUT
from callcenter.site.load import SiteErrors, load_site
from callcenter.site.posture import Posture
from callcenter.site.schema import Menu

DEMO = CHECKOUT / "asterisk-config/site.yaml"


def faults(tmp_path: Path, **posture: Any) -> set[tuple[str, str]]:
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(DEMO.read_text()) | {"posture": posture}))
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    return {(fault.key, fault.problem) for fault in caught.value.faults}


def test_by_default_everything_holds_from_tier_one_and_nobody_outside_is_rung() -> None:
    posture = Posture()
    assert posture.model_dump(include={"notice_from", "short_menus_from", "no_survey_from", "callback_from", "wrapup_from"}) == (
        dict.fromkeys(("notice_from", "short_menus_from", "no_survey_from", "callback_from", "wrapup_from"), 1))
    assert (posture.extra_seats, posture.evacuation.numbers) == ((), ())


def test_an_extra_seat_rings_with_nobody_there_and_an_evacuation_leads_elsewhere(tmp_path: Path) -> None:
    assert faults(tmp_path, extra_seats=["1001", "9999"], evacuation={"numbers": ["8000", "13900000001", "13900000001"]}) == {
        ("posture.evacuation.numbers.1", "13900000001 is there 2 times"),
        ("posture.evacuation.numbers.2", "13900000001 is there 2 times"),
        ("posture.extra_seats.0", "1001 is no seat that rings with nobody signed in"),
        ("posture.extra_seats.1", "9999 is no seat that rings with nobody signed in"),
        ("posture.evacuation.numbers.0", "8000 is the hotline itself"),
    }


@pytest.mark.rule("C7")
@pytest.mark.parametrize("number", ["139000&PJSIP/1", "13900,60", "announcement", ""])
def test_no_number_of_an_evacuation_means_anything_else_to_the_dialplan(tmp_path: Path, number: str) -> None:
    assert [key for key, _ in faults(tmp_path, evacuation={"numbers": [number]})] == ["posture.evacuation.numbers.0"]


@pytest.mark.rule("B6")
def test_in_a_surge_a_menu_says_what_the_site_names_or_else_the_least_that_is_safe() -> None:
    menu = Menu.model_validate({"id": "main", "prompts": ["welcome", "recording-notice", "emergency-hint", "menu-main"], "keys": {},
                                "silent": {"queue": "repair"}})
    assert menu.short == ("welcome", "emergency-hint")
    assert menu.model_copy(update={"in_surge": ("menu-main",)}).short == ("menu-main",)
