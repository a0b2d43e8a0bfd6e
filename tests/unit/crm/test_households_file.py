"""Reading a file of households: each fault with its line, and no fault hidden by another."""

from __future__ import annotations

import io

import pytest

from crm.households.demo import demo_rows
from crm.households.importer import COLUMNS, Fault, ImportFaultsError, read_lines

HEAD = ",".join(COLUMNS)
GOOD = "云栖花园,3栋,1,502,王芳,owner,13800138000,elderly;alone,zh"


def faults(*rows: str) -> list[Fault]:
    with pytest.raises(ImportFaultsError) as caught:
        read_lines(io.StringIO("\n".join((HEAD, *rows))))
    return caught.value.faults


def test_a_good_line_is_read_with_its_number_normalised_and_its_room_as_people_write_it() -> None:
    [line] = read_lines(io.StringIO(f"{HEAD}\n{GOOD}\n"))
    assert (line.number, line.label, line.tags, line.language) == (
        "+8613800138000",
        "3-1-502",
        ("alone", "elderly"),
        "zh",
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (GOOD.replace("云栖花园", ""), "estate"),
        (GOOD.replace("owner", "king"), "role"),
        (GOOD.replace(",zh", ",fr"), "language"),
        (GOOD.replace("13800138000", "call me"), "number"),
        (GOOD.replace("13800138000", ""), "number"),
        (GOOD.replace("elderly", "Very Old"), "tags"),
        (GOOD.replace("王芳", "王" * 61), "name"),
    ],
)
def test_a_fault_names_its_line_and_column(row: str, column: str) -> None:
    assert [(fault.line, fault.column) for fault in faults(GOOD, row)] == [(3, column)]


def test_all_faults_of_a_file_are_told_at_once() -> None:
    found = faults(GOOD.replace("owner", "king"), GOOD, "云栖花园,3栋", GOOD.replace("13800138000", "x"))
    assert [fault.line for fault in found] == [2, 4, 5]


def test_lines_of_one_household_must_not_contradict_each_other() -> None:
    assert [(fault.line, fault.column) for fault in faults(GOOD, GOOD.replace(",zh", ",en"))] == [(3, "language")]
    assert [(fault.line, fault.column) for fault in faults(GOOD, GOOD.replace("owner", "tenant"))] == [(3, "role")]


def test_a_missing_column_is_told_before_anything_else() -> None:
    with pytest.raises(ImportFaultsError, match="language: column is missing"):
        read_lines(io.StringIO("estate,building,unit,room,name,role,number,tags\n"))


def test_the_demo_has_two_hundred_households_the_same_each_time() -> None:
    rows = list(demo_rows())
    assert rows == list(demo_rows())
    lines = read_lines(io.StringIO("\n".join((HEAD, *(",".join(row) for row in rows)))))
    assert len({line.home for line in lines}) == 200
    assert {"elderly", "alone", "vip"} <= {tag for line in lines for tag in line.tags}
    assert all(line.number.startswith("+861") for line in lines)
    assert any(line.language == "en" for line in lines)
