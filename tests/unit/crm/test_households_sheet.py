"""Files of rows: whatever the bytes are, the answer is rows or a refusal with its reason, never a fault of ours."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter.numbers import as_dialled, normalise
from crm.households import sheet as sheets
from crm.households.export import HEADER, as_csv, as_xlsx, harmless
from crm.households.lines import COLUMNS, read_lines
from crm.households.sheet import Sheet, SheetRefused, read_sheet
from crm.households.words import FAULTS

TODAY = date(2026, 11, 22)
GOOD = ("云栖花园", "3栋", "1", "502", "王芳", "owner", "13800138000", "", "zh", "", "", "")


def refusal(data: bytes) -> str:
    with pytest.raises(SheetRefused) as caught:
        read_sheet(data)
    return caught.value.code


def repacked(change: dict[str, bytes], data: bytes) -> bytes:
    """An XLSX with other parts in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, change.pop(member.filename, old.read(member)))
        for name, content in change.items():
            new.writestr(name, content)
    return out.getvalue()


def book(*rows: tuple[object, ...]) -> bytes:
    made, out = openpyxl.Workbook(), io.BytesIO()
    assert made.active is not None
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    made.save(out)
    return out.getvalue()


def judged(data: bytes) -> None:
    """Read as the import reads it."""
    code = None
    try:
        sheet = read_sheet(data)
    except SheetRefused as error:
        code = error.code
    if code is not None:
        assert code in FAULTS
        return
    lines, faults = read_lines(sheet, {"elderly": "elderly"}, TODAY)
    assert len(lines) <= len(sheet.rows)
    assert all(fault.code in FAULTS for fault in faults)
    if not any(fault.row == 1 for fault in faults):
        assert {row for row, _ in sheet.rows} == {line.row for line in lines} | {fault.row for fault in faults}


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    judged(data)
    judged(",".join(COLUMNS).encode() + b"\n" + data)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.text(max_size=30), min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=8))
def test_any_cells_are_read_or_have_faults_with_their_rows(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    judged(out.getvalue().encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_xlsx_with_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(as_xlsx([GOOD]))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    judged(bytes(whole[:data.draw(st.integers(4, len(whole)))]))


def test_both_kinds_of_file_say_the_same_and_rows_count_as_a_spreadsheet_counts_them() -> None:
    written = read_sheet(as_csv([GOOD, GOOD])), read_sheet(as_xlsx([GOOD, GOOD]))
    assert written[0] == written[1] == Sheet(HEADER, ((2, GOOD), (3, GOOD)))
    assert [row for row, _ in read_sheet(b'a,b\n"x\ny",2\n\n3,4\n').rows] == [2, 4]


def test_what_excel_made_of_cells_is_understood_or_told() -> None:
    whole = book(COLUMNS, ("松涛苑", "3栋", 1, 502.0, "王芳", "owner", 13800138000, None, "zh"), (None,) * 9,
                 ("松涛苑", "3栋", 1, date(2026, 3, 1), "王芳", "owner", 13800138000, None, "zh"))
    lines, faults = read_lines(read_sheet(whole), {}, TODAY)
    assert [(line.row, line.unit, line.room, line.number) for line in lines] == [(2, "1", "502", "+8613800138000")]
    assert [(fault.row, fault.column, fault.code) for fault in faults] == [(4, "room", "is_a_date")]


def test_a_bomb_entities_and_a_book_without_its_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, first = as_xlsx([GOOD]), "xl/worksheets/sheet1.xml"
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet>&a;</worksheet>'
    assert refusal(repacked({first: entities}, whole)) == "file_unsafe"
    assert refusal(repacked({first: entities.decode().encode("utf-16")}, whole)) == "file_unsafe"
    assert refusal(repacked({first: b"<worksheet"}, whole)) == "file_unreadable"
    assert refusal(repacked({f"part{n}.xml": b"" for n in range(1_001)}, whole)) == "file_unsafe"
    bomb = repacked({"xl/media/image1.png": b"\0" * (sheets.MOST_UNPACKED + 1)}, whole)
    assert len(bomb) < 2**18
    assert refusal(bomb) == "file_unsafe"
    assert refusal(b"\xd0\xcf\x11\xe0 old Excel") == "file_old_excel"
    assert refusal(b"PK\x03\x04") == "file_unreadable"


def test_a_cell_at_the_far_end_of_the_sheet_costs_no_memory() -> None:
    """A reader that makes room for every cell up to it would need gigabytes."""
    far = (b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
           b'<row r="1"><c r="A1" t="inlineStr"><is><t>estate</t></is></c></row>'
           b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>')
    whole = repacked({"xl/worksheets/sheet1.xml": far}, as_xlsx([GOOD]))
    assert refusal(whole) == "file_too_long"


def test_limits_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(b"a" * (sheets.MOST_BYTES + 1)) == "file_too_large"
    assert refusal(b"") == "file_empty"
    assert refusal(b"a,b\n\"never closed") == "file_not_csv"
    assert refusal(b",".join([b"x"] * 41) + b"\n1\n") == "file_too_wide"
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    assert len(read_sheet(b"a\n1\n2\n").rows) == 2
    assert refusal(b"a\n1\n2\n3\n") == "file_too_long"
    assert refusal(as_xlsx([GOOD] * 3)) == "file_too_long"


@given(st.text())
def test_no_cell_of_an_export_is_run_and_the_import_gives_it_back(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    shown = "".join(character for character in text.strip() if character.isprintable())[:60].strip()
    if shown:
        row = (*GOOD[:4], harmless(shown), *GOOD[5:9])
        [line], faults = read_lines(Sheet(COLUMNS, ((2, row),)), {}, TODAY)
        assert (line.name, faults) == (shown, [])


@pytest.mark.parametrize("given_as", ["13800138000", "0755-86543210", "+44 20 7946 0018", "4008006666", "1001", "001 212 555 0123"])
def test_a_number_is_the_same_after_a_file(given_as: str) -> None:
    stored = normalise(given_as)
    assert normalise(as_dialled(stored)) == stored
