"""Reads a site file; an error names file, line, key and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from callcenter.site.references import broken_references
from callcenter.site.schema import Site
from callcenter.yamlfile import Broken, FileFaults, read_yaml

SiteErrors = FileFaults


def load_site(path: Path) -> Site:
    """Raises SiteErrors (with every fault found) or OSError."""
    return read_yaml(path.read_text(encoding="utf-8"), str(path), Site, begin="version: 1", broken=_broken, patterns=_PATTERNS)


def _broken(site: Site) -> Iterator[Broken]:
    yield from broken_references(site)
    try:
        ZoneInfo(site.timezone)
    except (KeyError, ValueError):
        yield ("timezone",), "no such time zone", "e.g. Asia/Shanghai"


_PATTERNS: Final = {
    r"^[0-9]{2,6}$": "2 to 6 digits",
    r"^[0-9]{3,6}$": "3 to 6 digits",
    r"^\+?[0-9]{2,20}$": "digits, perhaps a + before them",
    r"^[a-z][a-z0-9-]{0,30}$": "small letters, digits and -, a letter first",
    r"^[0-9*#]$": "one of 0-9, * and #",
}
