"""Households as files over HTTP, on both databases: a dry run lists every bad row, a real run is all or nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hotline.households import LI, WANG, ZHAO, csv_of
from sqlalchemy import func, select, update
from wall.desk import NOW, Client, Desk, desk

from callcenter.roles import Role
from crm.database import Database, open_database
from crm.households import export, importer
from crm.households.demo import demo_rows
from crm.households.lines import COLUMNS, MORE_COLUMNS
from crm.households.merge import merge
from crm.households.models import Household, HouseholdTag
from crm.households.service import lookup
from crm.staff.actor import SYSTEM
from crm.staff.models import AuditEntry

NOTHING = {"households": 0, "people": 0, "numbers": 0, "changed": 0, "ended": 0, "left_out": 0}


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    made = open_database(migrated_url)
    yield made
    made.close()


@pytest.fixture
def here(database: Database, migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    with desk(database, migrated_url, tmp_path) as made:
        yield made


@pytest.fixture
def manager(here: Desk) -> Client:
    return here.user(Role.MANAGER)


def sent(client: Client, data: bytes, **params: object) -> dict[str, object]:
    answer = client("POST", "/households/import", content=data, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def full(*rows: str) -> bytes:
    return csv_of(*rows, columns=(*COLUMNS, *MORE_COLUMNS))


def homes(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Household)) or 0


def test_a_dry_run_tells_what_would_be_done_and_a_real_one_does_it_once(here: Desk, manager: Client) -> None:
    data = csv_of(*(",".join(row) for row in demo_rows()))
    tried = sent(manager, data, dry_run=True)
    assert homes(here.database) == 0
    done = sent(manager, data)
    assert (done["done"], done["rows"]) == (tried["done"], 310)
    assert homes(here.database) == 200
    assert sent(manager, data)["done"] == NOTHING
    with here.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(HouseholdTag).where(HouseholdTag.tag == "elderly")) == 25
        [first, *_] = session.scalars(select(AuditEntry).where(AuditEntry.action == "households.imported"))
    assert (first.who, (first.detail or "")[:9]) == ("manager", "rows=310 ")


def test_every_bad_row_is_listed_in_both_languages_and_nothing_is_done(here: Desk, manager: Client) -> None:
    rows = (WANG, WANG.replace("owner", "king"), ZHAO.replace("13700137000", "call me") + "x", LI.replace("elderly", "vip"),
            "松涛苑,1栋")
    for dry_run in (True, False):
        answer = sent(manager, csv_of(*rows), dry_run=dry_run)
        assert [(fault["row"], fault["column"], fault["code"]) for fault in answer["faults"]] == [  # type: ignore[attr-defined]
            (3, "role", "role"), (4, "number", "number"), (4, "language", "language"), (5, "tags", "contradicts"),
            (6, "-", "fields")]
        assert answer["done"] == NOTHING
    assert answer["faults"][0] == {  # type: ignore[index]
        "row": 3, "column": "role", "code": "role", "value": "king", "zh": "只能是 owner 业主、tenant 租户、staff 员工",
        "en": "one of owner, tenant, staff"}
    assert homes(here.database) == 0


def test_excel_in_china_writes_gb18030_and_chinese_headings(here: Desk, manager: Client) -> None:
    text = "小区,楼栋,单元,房号,姓名,身份,电话,标签,语言\r\n松涛苑,1栋,3,101,赵玥,业主,13700137000,老人,中文\r\n"
    made = sent(manager, text.replace("语言\r\n", "语言,免打扰吗\r\n").replace("中文\r\n", "中文,是\r\n").encode("gb18030"))
    assert made["done"] == NOTHING | {"households": 1, "people": 1, "numbers": 1}
    assert made["ignored"] == ["免打扰吗"], "nobody is left to believe that it was read"
    assert sent(manager, text.encode("utf-8-sig"))["done"] == NOTHING
    [fault] = sent(manager, text.encode("utf-16"))["faults"]  # type: ignore[misc]
    assert (fault["row"], fault["code"]) == (0, "file_encoding")


def test_a_file_ends_people_and_an_old_file_does_not_bring_them_back(here: Desk, manager: Client) -> None:
    base = ("松涛苑,1栋,3,101,赵明,tenant,13700137000,,zh,home,,", "松涛苑,1栋,3,101,钱丽,owner,13600136000,,zh,,,早上不接电话")
    sent(manager, full(*base))
    left = full("松涛苑,1栋,3,101,赵明,tenant,,,zh,,2026-11-01,")
    assert sent(manager, left)["done"] == NOTHING | {"ended": 1}
    assert sent(manager, left)["done"] == NOTHING
    assert sent(manager, full(*base))["done"] == NOTHING | {"left_out": 1}
    with here.database.reading() as session:
        assert lookup(session, "13700137000") is None
    [fault] = sent(manager, left.replace(b"2026-11-01", b"2026-11-23"))["faults"]  # type: ignore[misc]
    assert (fault["column"], fault["code"]) == ("moved_out", "future")
    [fault] = sent(manager, left.replace("赵明".encode(), "钱多".encode()))["faults"]  # type: ignore[misc]
    assert (fault["column"], fault["code"]) == ("moved_out", "person_unknown")
    assert sent(manager, full("松涛苑,1栋,3,101,赵明,owner,13700137000,,zh,,no,"))["done"] == NOTHING | {"people": 1, "numbers": 1}
    home = manager("GET", "/households/1").json()["household"]
    assert [(one["name"], one["role"], one["ended_on"], one["no_call_reason"]) for one in home["people"]] == [
        ("钱丽", "owner", None, "早上不接电话"), ("赵明", "owner", None, None), ("赵明", "tenant", "2026-11-01", None)]


def test_nobody_is_written_to_a_household_that_has_gone_into_another_one_since_the_file_was_read(
        here: Desk, manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    if here.database.engine.dialect.name == "sqlite":
        pytest.skip("nobody merges while somebody else writes")
    beside = LI.replace("3栋,1,502", "3栋,1,503")
    sent(manager, csv_of(WANG, WANG.replace("3栋,1,502", "3栋,1,503")))
    planned = importer.planned

    def then_merged(*given: Any) -> Any:
        found = planned(*given)
        with here.database.writing.begin() as session:
            merge(session, SYSTEM, 1, 2, 1, 1, NOW)
        return found

    monkeypatch.setattr(importer, "planned", then_merged)
    answer = manager("POST", "/households/import", content=csv_of(beside))
    assert (answer.status_code, answer.json().get("code")) == (409, "merged")
    monkeypatch.setattr(importer, "planned", planned)
    assert sent(manager, csv_of(beside))["done"] == NOTHING | {"people": 1, "numbers": 1}


def test_another_spelling_of_a_room_is_the_same_household(here: Desk, manager: Client) -> None:
    sent(manager, csv_of(WANG))
    done = sent(manager, csv_of(LI.replace("3栋,1,502", "三号楼,1单元,0502室")))["done"]
    assert done == NOTHING | {"people": 1, "numbers": 1}
    assert homes(here.database) == 1
    rooms = ("三号楼,1,503", "五号楼,1,101", "5栋,1,102")
    sent(manager, csv_of(*(WANG.replace("3栋,1,502", room) for room in rooms)))
    [estate] = manager("GET", "/households/places").json()
    assert [one["name"] for one in estate["buildings"]] == ["3栋", "五号楼"], "nor is another spelling of a building another one"
    assert {one["room"] for one in manager("GET", "/households").json()["items"]} == {"3-1-502", "3-1-503", "五-1-101", "五-1-102"}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_was_exported_can_be_imported_and_says_nothing_new(here: Desk, manager: Client, form: str) -> None:
    sent(manager, full(*(f"{','.join(row)},,," for row in demo_rows()),
                       "松涛苑,9栋,1,101,=HYPERLINK(1),tenant,0044 20 7946 0018,vip,en,work,,@home",
                       "松涛苑,9栋,1,101,'quoted,owner,0755-86543210,vip,en,home,,", "松涛苑,9栋,1,101,-1+2,owner,,vip,en,,,"))
    sent(manager, full("松涛苑,9栋,1,101,-1+2,owner,,vip,en,,2026-10-01,"))
    sent(manager, full("松涛苑,9栋,1,101,-1+2,owner,,vip,en,,no,"))
    answer = manager("POST", "/households/export", json={"format": form, "reason": "yearly check"})
    assert f'.{form}"' in answer.headers["content-disposition"]
    again = sent(manager, answer.content)
    assert (again["faults"], again["done"], again["rows"]) == ([], NOTHING, 313)
    if form == "csv":
        cells = {cell for line in answer.content.decode("utf-8-sig").splitlines() for cell in line.split(",")}
    else:
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        found = [cell for row in book.active.iter_rows() for cell in row if cell.value]  # type: ignore[union-attr]
        assert {cell.data_type for cell in found} == {"s"}
        cells = {str(cell.value) for cell in found}
    assert {"'=HYPERLINK(1)", "'@home", "'-1+2", "''quoted"} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    with here.database.reading() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "households.exported"))
    assert (entry.who, entry.detail) == ("manager", "rows=313 estate=all reason=yearly check")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_nobody_who_writes_waits_while_a_file_is_made(
        here: Desk, manager: Client, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    sent(manager, csv_of(WANG))
    real = getattr(export, f"as_{form}")

    def made_while_another_writes(rows: object) -> bytes:
        with here.database.writing.begin() as session:
            session.execute(update(Household).values(language="en"))
        content: bytes = real(rows)
        return content

    monkeypatch.setattr(export, f"as_{form}", made_while_another_writes)
    assert manager("POST", "/households/export", json={"format": form, "reason": "yearly check"}).status_code == 200
    with here.database.reading() as session:
        assert session.scalars(select(Household.language)).all() == ["en"]
        assert session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "households.exported")).all() == [
            "rows=1 estate=all reason=yearly check"]


def test_files_are_for_those_who_keep_the_register_and_of_their_estates(here: Desk, manager: Client) -> None:
    sent(manager, csv_of(WANG, ZHAO))
    for role in (Role.AGENT, Role.LEADER):
        client = here.user(role)
        assert client("POST", "/households/import", content=csv_of(WANG)).status_code == 403
        assert client("POST", "/households/export", json={"reason": "x"}).status_code == 403
    own = here.user(Role.SUPERVISOR, estates=[2])
    assert own("POST", "/households/export", json={"reason": "x", "estate_id": 1}).status_code == 404
    exported = own("POST", "/households/export", json={"reason": "x", "format": "csv"}).content.decode("utf-8-sig")
    assert ("赵明" in exported, "王芳" in exported) == (True, False)
    faults = sent(own, csv_of(WANG, ZHAO, ZHAO.replace("松涛苑", "新小区")), dry_run=True)["faults"]
    assert [(fault["row"], fault["code"]) for fault in faults] == [  # type: ignore[attr-defined]
        (2, "estate_unknown"), (4, "estate_unknown")]


def test_a_file_that_is_too_long_is_refused_before_it_is_read(manager: Client) -> None:
    answer = manager("POST", "/households/import", content=b"", headers={"Content-Length": str(17 * 2**20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def endless() -> object:
        yield b"a"

    assert manager("POST", "/households/import", content=endless()).json()["code"] == "length_required"
