"""A million households for bench/agi.py, the same ones every time; built once and kept in the cache folder."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agi_client import Question
from sqlalchemy import create_mock_engine

from crm.tables import METADATA

SEED: Final = 20_261_122
PER_BUILDING: Final = 400
PER_ESTATE: Final = 40
NUMBERS: Final = 10**8       # 138 and eight digits
STEP: Final = 61_803_399     # coprime to NUMBERS: household i has its own number
_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国玉梅红春燕文辉志鹏宇浩然子涵欣怡梓轩"


def number_of(household_id: int) -> str:
    """As a trunk sends it."""
    return f"138{(household_id * STEP + SEED) % NUMBERS:08d}"


def questions(households: int, seed: int) -> Iterator[Question]:
    """Endless: nine known callers in ten, anywhere in the table, and one whom nobody knows."""
    chance = random.Random(seed)
    while True:
        household_id = chance.randrange(1, households + 1)
        if chance.random() < 0.1:
            yield Question(number_of(households + household_id), None)
        else:
            yield Question(number_of(household_id), household_id)


def built(folder: Path, households: int) -> Path:
    """The database file; made when it is not there or when the tables have changed."""
    tables = _ddl()
    digest = hashlib.sha256(f"{SEED}{tables}".encode()).hexdigest()[:8]
    file = folder / f"bench-households-{households}-{digest}.db"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with sqlite3.connect(part) as database:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        for statement in tables:
            database.execute(statement)
        _fill(database, households)
        database.commit()
        database.execute("PRAGMA journal_mode=WAL")
    database.close()
    return part.rename(file)


def _ddl() -> list[str]:
    statements: list[str] = []
    engine = create_mock_engine("sqlite://", lambda ddl, *_, **__: statements.append(str(ddl.compile(dialect=engine.dialect))))
    METADATA.create_all(engine, checkfirst=False)
    return statements


def _fill(database: sqlite3.Connection, households: int) -> None:
    chance = random.Random(SEED)
    buildings = households // PER_BUILDING + 1
    everyone = range(1, households + 1)
    database.executemany("INSERT INTO estates (id, name) VALUES (?, ?)",
                         ((n, f"小区{n}") for n in range(1, buildings // PER_ESTATE + 2)))
    database.executemany("INSERT INTO buildings (id, estate_id, name) VALUES (?, ?, ?)",
                         ((n, n // PER_ESTATE + 1, str(n)) for n in range(1, buildings + 1)))
    database.executemany(
        "INSERT INTO households (id, building_id, estate_id, unit, room, label, room_key, tags, language, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        ((n, n // PER_BUILDING + 1, (n // PER_BUILDING + 1) // PER_ESTATE + 1, "1", str(n % PER_BUILDING), room, room,
          '["VIP"]' if n % 50 == 0 else "[]", "en" if n % 20 == 0 else "zh")
         for n in everyone for room in [f"{n // PER_BUILDING + 1}-1-{n % PER_BUILDING}"]))
    database.executemany(
        "INSERT INTO people (id, household_id, name, role) VALUES (?, ?, ?, 'owner')",
        ((n, n, chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=2))) for n in everyone))
    database.executemany(
        "INSERT INTO phone_numbers (id, number, person_id, added_at) VALUES (?, ?, ?, '2026-01-01 00:00:00.000000')",
        ((n, f"+86{number_of(n)}", n) for n in everyone))
