"""Reads types of emergencies: those that are shipped, and the site's own instead of them or beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from callcenter.errors import ConfigError
from callcenter.yamlfile import FileFaults, read_yaml
from crm.incidents.declared.schema import STEP, TYPE, Definition, broken_references

SHIPPED: Final = Path(__file__).parent / "shipped"
OWN: Final = "incident-types"        # a folder beside the site file
Types = dict[str, Definition]


def load_type(text: str, file: str) -> Definition:
    """Raises FileFaults with every fault found: file, line, key, what would be right."""
    return read_yaml(text, file, Definition, begin="type: …", broken=broken_references, patterns=_PATTERNS, aliases=False)


def types_of(site_file: Path) -> Types:
    """By name, the site's own last. A file is named like the type it defines. Raises FileFaults."""
    found: Types = {}
    for folder in (SHIPPED, site_file.parent / OWN):
        for path in sorted(folder.glob("*.yaml")):
            one = load_type(path.read_text(encoding="utf-8"), path.name)
            if one.type != path.stem:
                raise FileFaults([ConfigError(path.name, 1, "type", f"`{one.type}` has another file's name", f"type: {path.stem}")])
            found[one.type] = one
    return found


_PATTERNS: Final = {TYPE: "up to 31 small letters, digits and -, a letter first",
                    STEP: "up to 18 small letters, digits and _, a letter first"}
