"""Reading a file of households: each fault with its line, and no fault hidden by another."""

from __future__ import annotations

from datetime import date

import pytest

from crm.households.demo import demo_rows
from crm.households.lines import COLUMNS, Fault, Line, read_lines
from crm.households.sheet import read_sheet

HEAD = ",".join(COLUMNS)
GOOD = "云栖花园,3栋,1,502,王芳,owner,13800138000,elderly;alone,zh"


TAGS = {"elderly": "elderly", "老人": "elderly", "alone": "alone", "vip": "vip"}


def read(*rows: str) -> tuple[list[Line], list[Fault]]:
    return read_lines(read_sheet("\n".join(rows).encode()), TAGS, date(2026, 11, 22))


def faults(*rows: str) -> list[Fault]:
    lines, found = read(HEAD, *rows)
    assert len(lines) + len({fault.row for fault in found}) == len(rows)
    return found


def test_a_good_line_is_read_with_its_number_normalised_and_its_room_as_people_write_it() -> None:
    [line] = read(HEAD, GOOD)[0]
    assert (line.number, line.key, line.tags, line.language) == ("+8613800138000", "3-1-502", ("alone", "elderly"), "zh")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (GOOD.replace("云栖花园", ""), "estate"),
        (GOOD.replace("owner", "king"), "role"),
        (GOOD.replace(",zh", ",fr"), "language"),
        (GOOD.replace("13800138000", "call me"), "number"),
        (GOOD.replace("elderly", "Very Old"), "tags"),
        (GOOD.replace("王芳", "王" * 61), "name"),
    ],
)
def test_a_fault_names_its_line_and_column(row: str, column: str) -> None:
    assert [(fault.row, fault.column) for fault in faults(GOOD, row)] == [(3, column)]


@pytest.mark.parametrize(
    ("numbers", "code"),
    [("13800138000/13900139000", "two_numbers"), ("13800138000 13900139000", "two_numbers"), ("0571/88880001", None),
     ("0571-88880001-8012", None), ("0044 20 7946 0018", None), ("1001", None)])
def test_two_numbers_in_one_cell_are_no_number_that_nobody_has(numbers: str, code: str | None) -> None:
    assert [fault.code for fault in faults(GOOD.replace("13800138000", numbers))] == [code][:code is not None]


@pytest.mark.parametrize(("day", "code"), [("2026-11-22", None), ("2026-11-23", "future"), ("2027年6月30日", "future"),
                                           ("2027", "date")])
def test_a_day_to_come_on_which_a_lease_ends_moves_nobody_out(day: str, code: str | None) -> None:
    lines, found = read(f"{HEAD},moved_out", f"{GOOD},{day}")
    assert [(fault.column, fault.code) for fault in found] == [("moved_out", code)][:code is not None]
    assert [str(line.moved_out) for line in lines] == [day][:code is None]


def test_all_faults_of_a_file_are_told_at_once() -> None:
    found = faults(GOOD.replace("owner", "king"), GOOD, "云栖花园,3栋", GOOD.replace("13800138000", "x"))
    assert [fault.row for fault in found] == [2, 4, 5]


def test_a_missing_column_is_told_before_anything_else() -> None:
    assert read("estate,building,unit,room,name,role,number,tags", GOOD) == ([], [Fault(1, "language", "column_missing")])


def test_a_file_may_have_chinese_headings_and_words() -> None:
    [line], found = read("小区,楼栋,单元,房号,姓名,身份,电话,标签,语言,电话类型,迁出日期",
                         "云栖花园,三号楼,1单元,0502室,王芳,业主,138-0013-8000,老人、vip,中文,住宅,2026年3月1日")
    assert found == []
    assert (line.key, line.role, line.number, line.tags, line.label, str(line.moved_out)) == (
        "3-1-502", "owner", "+8613800138000", ("elderly", "vip"), "home", "2026-03-01")


def test_the_demo_has_two_hundred_households_the_same_each_time() -> None:
    rows = list(demo_rows())
    assert rows == list(demo_rows())
    lines, found = read(HEAD, *(",".join(row) for row in rows))
    assert found == []
    assert len({line.home for line in lines}) == 200
    assert {"elderly", "alone", "vip"} <= {tag for line in lines for tag in line.tags}
    assert all(line.number and line.number.startswith("+861") for line in lines)
    assert any(line.language == "en" for line in lines)
