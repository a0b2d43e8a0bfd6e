"""Makes the demo's households: fictional people, the same on every run. Written once to asterisk-config/."""

from __future__ import annotations

import random
from collections.abc import Iterator

HOUSEHOLDS = 200
SEED = 6
# Name, buildings, units, floors: as the demo's site file has them.
ESTATES = (
    ("云栖花园", ("1栋", "2栋", "3栋"), 2, 18),
    ("江湾一号", ("A座", "B座"), 1, 32),
    ("松涛苑", ("1栋", "2栋"), 3, 6),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
GIVEN = ("建国", "秀英", "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "涛", "明", "超",
         "霞", "平", "桂兰", "玉梅", "志强", "海燕", "晓东", "思远", "雨桐", "子涵", "浩然", "欣怡", "文博", "佳琪",
         "国庆", "春生", "婉清", "嘉禾")
FOREIGN = ("Emma Wilson", "James Carter", "Sofia Rossi", "Daniel Kim", "Olivia Brown", "Lucas Meyer", "Priya Nair",
           "Thomas Berg", "Hannah Lee", "Marco Silva", "Grace Turner", "Noah Fischer")
PREFIXES = ("135", "136", "137", "138", "139", "150", "151", "158", "159", "178", "182", "186", "187", "188", "189")


def demo_rows() -> Iterator[tuple[str, ...]]:
    """Rows of the CSV without its header, a row for each number. Different households never share a number, but for two
    landlords who own a second flat."""
    draw = random.Random(SEED)  # noqa: S311 - fiction, not a secret
    taken: set[str] = set()
    homes: set[tuple[str, str, str, str]] = set()
    landlords: list[tuple[str, str]] = []
    for count in range(HOUSEHOLDS):
        home = _home(draw, count, homes)
        english = count % 17 == 5
        tags = _tags(draw, count)
        owner = FOREIGN[count // 17 % len(FOREIGN)] if english else _name(draw)
        rest = (";".join(tags), "en" if english else "zh")
        if count in (60, 130):
            owner, number = landlords[count % 7]
        else:
            number = _number(draw, taken)
            landlords.append((owner, number))
        yield (*home, owner, "owner", number, *rest)
        if count % 5 == 1:
            yield (*home, owner, "owner", _number(draw, taken), *rest)
        if count % 3 == 0 and "alone" not in tags:
            yield (*home, _name(draw), "tenant" if count % 9 == 0 else "owner", _number(draw, taken), *rest)
        if count % 40 == 20:
            yield (*home, _name(draw), "staff", _number(draw, taken), *rest)


def _home(draw: random.Random, count: int, homes: set[tuple[str, str, str, str]]) -> tuple[str, str, str, str]:
    estate, buildings, units, floors = ESTATES[count % len(ESTATES)]
    while True:
        home = (estate, draw.choice(buildings), str(draw.randint(1, units)),
                f"{draw.randint(1, floors)}0{draw.randint(1, 4)}")
        if home not in homes:
            homes.add(home)
            return home


def _tags(draw: random.Random, count: int) -> tuple[str, ...]:
    if count % 8 == 2:
        return ("alone", "elderly") if draw.random() < 0.4 else ("elderly",)
    return ("vip",) if count % 25 == 7 else ()


def _name(draw: random.Random) -> str:
    return draw.choice(SURNAMES) + draw.choice(GIVEN)


def _number(draw: random.Random, taken: set[str]) -> str:
    while True:
        number = f"{draw.choice(PREFIXES)}{draw.randint(0, 99_999_999):08d}"
        if number not in taken:
            taken.add(number)
            return number
