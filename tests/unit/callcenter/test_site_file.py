"""A site file's mistakes are answered with file, line, key and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.errors import ConfigError
from callcenter.settings import CHECKOUT
from callcenter.site.load import SiteErrors, load_site

DEMO = CHECKOUT / "asterisk-config/site.yaml"


def faults_of(tmp_path: Path, *changes: tuple[str, str]) -> list[ConfigError]:
    text = DEMO.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    return caught.value.faults


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(DEMO.read_text().splitlines(), 1) if text in line)


def test_the_demo_site_is_valid_and_says_six_rings_of_five_seconds() -> None:
    site = load_site(DEMO)
    assert site.ring.seconds * site.ring.overflow_after == 30
    assert [seat.seat for seat in site.seats if seat.kind == "primary"] == ["1001", "1002", "1003", "1004", "1005", "1006", "1301"]
    assert site.browser_seats == ("1301",)


def test_a_misspelt_key_is_named_with_its_line(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, ("overflow_after: 6", "overflow_aftr: 6"))
    assert (fault.line, fault.key) == (line_of("overflow_after"), "ring.overflow_aftr")
    assert fault.hint == "did you mean `overflow_after`?"


def test_a_queue_with_an_unknown_seat_is_told_which_seats_there_are(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, ('seats: ["1001", "1002", "1003", "1004"]', 'seats: ["1001", "1009"]'))
    assert fault.line == line_of('seats: ["1001", "1002"')
    assert "no seat 1009" in fault.problem
    assert "1006" in fault.hint


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    found = faults_of(tmp_path, ("queue: complaint}", "queue: complaints}"),
                      ("night_menu: night", "night_menu: nacht"))
    assert {fault.problem for fault in found} == {"no queue complaints", "no menu nacht"}


def test_a_mobile_is_no_home_seat_and_rings_only_with_somebody_signed_in(tmp_path: Path) -> None:
    mobile = '  - {seat: "1401", name: 手机席, phone: mobile}'
    found = faults_of(tmp_path, (f"  # {mobile.strip()}", mobile.replace("phone", "kind: backup, phone")),
                      ('seats: ["1001", "1002", "1003", "1004"]', 'seats: ["1001", "1401"]'))
    assert {fault.hint for fault in found} == {"leave it out", "kind: primary, in a site with `agents`"}
    assert line_of("# - {seat: \"1401\"") in {fault.line for fault in found}


def test_text_that_is_not_yaml_is_told_where_it_breaks(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, ("timezone: Asia/Shanghai", "timezone: [Asia"))
    assert fault.line >= line_of("timezone")


@pytest.mark.parametrize("name", ['a"b', "a\\nb", "${SHELL(id)}", "a,b", "a;b", "a|b"])
def test_a_seat_name_that_means_something_to_the_dialplan_is_refused(tmp_path: Path, name: str) -> None:
    quoted = "'" + name + "'" if "\\n" not in name else f'"{name}"'
    faults = faults_of(tmp_path, ("name: 一号席", f"name: {quoted}"))
    assert faults[0].key == "seats.0.name"


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, ("timezone: Asia/Shanghai", "timezone: Asia/Peking"))
    assert "Asia/Shanghai" in fault.hint


def test_a_key_that_does_two_things_is_refused(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, ('"1": {menu: repair}', '"1": {menu: repair, queue: repair}'))
    assert "exactly one" in fault.problem


CHAIN = ('    backup: ["1101", "1102"]\n    priority: 5', '    backup: ["1101", "1102"]\n    chain: {chain}')


@pytest.mark.parametrize(("chain", "key", "problem"), [
    ("[{to: outside, for: 20}]", "queues.0.chain.0", "numbers"),
    ('[{to: backup}, {to: teams, for: 20, numbers: ["139"]}]', "queues.0.chain.1", "numbers"),
    ("[{to: backup}, {to: backup, when: open}]", "queues.0.chain.1.to", "there already"),
    ('[{to: outside, numbers: ["8000"]}]', "queues.0.chain.0.numbers.0", "the hotline itself"),
])
def test_a_chain_that_cannot_be_carried_out_is_refused_with_its_line(
        tmp_path: Path, chain: str, key: str, problem: str) -> None:
    fault, = faults_of(tmp_path, (CHAIN[0], CHAIN[1].format(chain=chain)))
    assert fault.key == key
    assert problem in fault.problem
    assert fault.line == line_of('backup: ["1101", "1102"]') + 1


@pytest.mark.rule("D4", part="the spokesperson, and nobody else")
def test_other_teams_never_answer_the_press(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, (CHAIN[0], CHAIN[1].format(chain="[{to: backup}, {to: teams}]") + "\n    press: true"))
    assert "spokesperson" in fault.problem
    assert fault.hint == "backup or outside"


def test_an_emergency_key_leads_to_a_queue(tmp_path: Path) -> None:
    fault, = faults_of(tmp_path, ('"1": {menu: repair}', '"1": {menu: repair, emergency: true}'))
    assert "belongs to `queue`" in fault.problem


def test_an_estate_is_found_by_its_id_and_by_each_of_its_names_and_a_name_is_of_one(tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(DEMO.read_text().replace("- id: yunqi\n", "- id: yunqi\n    known_as: [云栖一期]\n"))
    named = load_site(renamed).estate_ids
    assert [named.get(name) for name in ("yunqi", "云栖花园", "Yunqi Garden", "云栖一期", "云栖")] == [*["yunqi"] * 4, None]
    fault, = faults_of(tmp_path, ("- id: yunqi\n", "- id: yunqi\n    known_as: [江湾一号]\n"))
    assert (fault.key, fault.problem) == ("estates.1", "江湾一号 is yunqi already")
