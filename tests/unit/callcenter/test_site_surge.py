"""`surge` of a site file: times that scale down, thresholds that are switched off, and faults with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.errors import ConfigError
from callcenter.settings import CHECKOUT
from callcenter.site.load import SiteErrors, load_site

DEMO = (CHECKOUT / "asterisk-config/site.yaml").read_text()
GOOD = """
surge:
  highest_by_itself: 2
  arrivals: {enabled: false}
  waiting: {above: 4, sustained: 2}
  service_level: {below: 0.6, least: 5}
  under_control: {waiting: 2, service_level: null, gained_after: 1, lost_after: 1}
  tier_2_after: 6
  down_after: 3
"""


def test_a_policy_is_read_and_the_rest_is_the_rulebooks(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(DEMO + GOOD)
    policy = load_site(path).surge
    assert (policy.arrivals.enabled, policy.waiting.above, policy.highest_by_itself) == (False, 4, 2)
    assert (policy.tier_2_after, policy.tier_3_after, policy.under_control.service_level) == (6, 1800, None)


@pytest.mark.parametrize("changes", [
    {"surge.tier_2_after": ("tier_2_after: 6", "tier_2_after: 0"),
     "surge.highest_by_itself": ("highest_by_itself: 2", "highest_by_itself: 4"),
     "surge.service_level.above": ("{below: 0.6, least: 5}", "{above: 0.6}")},
    {"surge.under_control.waiting": ("{waiting: 2,", "{waiting: 5,"),
     "surge.under_control.longest_wait": ("gained_after: 1,", "longest_wait: 181,"),
     "surge.under_control.service_level": ("service_level: null,", "service_level: 0.5,")},
])
def test_a_policy_that_cannot_be_meant_is_refused_at_its_lines(tmp_path: Path, changes: dict[str, tuple[str, str]]) -> None:
    text = GOOD
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "site.yaml"
    path.write_text(DEMO + text)
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    faults: list[ConfigError] = caught.value.faults
    assert {fault.key for fault in faults} == set(changes)
    lines = path.read_text().splitlines()
    for fault in faults:
        assert fault.key.split(".")[1] in lines[fault.line - 1]
