"""Reads types of emergencies: those that are shipped, and the site's own instead of them or beside them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from callcenter.errors import ConfigError
from callcenter.yamlfile import FileFaults, read_yaml
from crm.incidents.declared.schema import STEP, TYPE, Definition, broken_references

SHIPPED: Final = Path(__file__).parent / "shipped"
OWN: Final = "incident-types"        # a folder beside the site file
Types = dict[str, Definition]
_READ: Final[dict[tuple[str, str], Definition]] = {}      # by name and digest: the same text says the same everywhere


@dataclass(frozen=True)
class Found:
    """`faults`: of files of the site's own that hold no type; the shipped one holds instead, if there is one."""

    types: Types
    faults: tuple[ConfigError, ...] = ()


def load_type(text: str, file: str) -> Definition:
    """Raises FileFaults with every fault found: file, line, key, what would be right."""
    key = file, sha256(text.encode()).hexdigest()
    if key not in _READ:
        found = read_yaml(text, file, Definition, begin="type: …", broken=broken_references, patterns=_PATTERNS, aliases=False)
        if found.type != Path(file).stem:
            raise FileFaults([ConfigError(file, 1, "type", f"`{found.type}` has another file's name", f"type: {Path(file).stem}")])
        _READ[key] = found
    return _READ[key]


def types_of(site_file: Path) -> Found:
    """By name. A wrong file of the site's own must not keep anybody from declaring: it is told of, and left out."""
    types: Types = {}
    faults: list[ConfigError] = []
    for folder in (SHIPPED, site_file.parent / OWN):
        for path in sorted(folder.glob("*.yaml")):
            try:
                found = load_type(path.read_text(encoding="utf-8"), path.name)
                types[found.type] = found
            except FileFaults as error:
                faults += error.faults
            except (OSError, UnicodeDecodeError) as error:
                faults.append(ConfigError(path.name, 1, "-", f"cannot be read ({type(error).__name__})"))
    return Found(types, tuple(faults))


_PATTERNS: Final = {TYPE: "up to 31 small letters, digits and -, a letter first",
                    STEP: "up to 18 small letters, digits and _, a letter first"}
