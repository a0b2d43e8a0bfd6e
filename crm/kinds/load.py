"""Reads the definition of a kind; an error names line, key and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from callcenter.yamlfile import read_yaml
from crm.kinds.references import broken_references
from crm.kinds.schema import ID, PREFIX, Kind

SHIPPED: Final = Path(__file__).parent / "shipped"
LONGEST: Final = 64 * 1024      # bytes; the longest that is shipped has 6 KB


def load_kind(text: str, file: str) -> Kind:
    """Raises FileFaults with every fault found."""
    return read_yaml(text, file, Kind, begin="kind: …", broken=broken_references, patterns=_PATTERNS, aliases=False)


def load_kept(text: str, file: str) -> Kind:
    """What was right when it was written: rules that came later do not stop the tickets that go on by it."""
    return read_yaml(text, file, Kind, begin="kind: …", broken=lambda _: (), patterns=_PATTERNS, aliases=False)


def shipped_texts() -> dict[str, str]:
    """By kind; a file is named like the kind it defines."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml"))}


_PATTERNS: Final = {
    ID: "up to 20 small letters, digits and _, a letter first",
    PREFIX: "one to three capital letters",
}
