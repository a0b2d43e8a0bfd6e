"""Who is in which of Asterisk's queues by the file alone: all in fixed seating, the seats that are always on else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hotline.sites import TestSite

from callcenter.render.queues import members, outside_calls, outside_numbers, pools, press_queue
from callcenter.site.schema import Site

AGENTS = ({"code": "901", "name": "A", "skills": {"repair": 1}},)
MORE = {"estates": [{"id": "yunqi", "name": {"zh": "云栖花园", "en": "Yunqi"}}],
        "departments": [{"id": "guard", "name": {"zh": "门卫", "en": "Guard"}, "number": "13911112222"}]}


def site(**changes: Any) -> Site:
    return Site.model_validate(yaml.load(TestSite(more=MORE, **changes).text(), Loader=yaml.BaseLoader))


def seats(lines: str) -> list[str]:
    return [line.rpartition("/")[2] for line in lines.splitlines()]


def test_in_fixed_seating_everybody_who_belongs_to_a_stage_is_in_it() -> None:
    made = site()
    repair = made.queues[0]
    assert seats(members(made, repair, "primary")) == ["1001", "1002"]
    assert seats(members(made, repair, "backup")) == ["1101", "1102", "1001", "1002"]
    assert seats(members(made, repair, "teams")) == ["1001", "1002", "1003", "1004", "1101", "1102"]


def test_in_free_seating_only_the_backup_seats_ring_with_nobody_signed_in() -> None:
    made = site(agents=AGENTS)
    repair = made.queues[0]
    assert seats(members(made, repair, "primary")) == []
    assert seats(members(made, repair, "backup")) == ["1101", "1102"]
    assert seats(members(made, repair, "teams")) == []


@pytest.mark.rule("D4", part="the spokesperson, and nobody else")
def test_in_free_seating_the_press_is_answered_by_nobody_from_the_file() -> None:
    made = site(agents=AGENTS, chains={"complaint": {"press": True}})
    complaint = made.queues[1]
    assert press_queue(made) == "complaint"
    assert not members(made, complaint, "primary") + members(made, complaint, "backup")


def test_only_pools_that_are_used_are_queues() -> None:
    made = site(chains={"repair": {"estate_first": "3"}, "complaint": {"language_first": "3"}})
    assert [list(pools(made, queue)) for queue in made.queues] == [["repair.at-yunqi"], ["complaint.in-en"], []]


def test_the_numbers_that_may_be_dialled_are_those_of_chains_and_departments_each_once() -> None:
    chain = [{"to": "outside", "for": "20", "numbers": ["13911112222", "+8651288886666"]}]
    made = site(chains={"repair": {"chain": chain}})
    assert outside_numbers(made) == ["13911112222", "+8651288886666"]
    assert outside_calls(made.queues[0].stages[0].numbers) == "Local/13911112222@outside/n&Local/+8651288886666@outside/n"
