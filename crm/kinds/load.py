"""Reads the definition of a kind; an error names line, key and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from callcenter.yamlfile import Broken, read_yaml
from crm.kinds.links import broken_links
from crm.kinds.references import broken_references
from crm.kinds.schema import CATEGORY, ID, PREFIX, TAG, Kind

SHIPPED: Final = Path(__file__).parent / "shipped"
LONGEST: Final = 64 * 1024      # bytes; the longest that is shipped has 6 KB


def load_kind(text: str, file: str, others: Mapping[str, Kind] | None = None) -> Kind:
    """Raises FileFaults with every fault found. `others`: the kinds that it may make tickets of; None: nobody knows which."""
    def broken(kind: Kind) -> list[Broken]:
        return [*broken_references(kind), *broken_links(kind, None if others is None else {**others, kind.kind: kind})]

    return read_yaml(text, file, Kind, begin="kind: …", broken=broken, patterns=_PATTERNS, aliases=False)


def load_kept(text: str, file: str) -> Kind:
    """What was right when it was written: rules that came later do not stop the tickets that go on by it."""
    return read_yaml(text, file, Kind, begin="kind: …", broken=lambda _: (), patterns=_PATTERNS, aliases=False)


def shipped_texts() -> dict[str, str]:
    """By kind; a file is named like the kind it defines."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml"))}


_PATTERNS: Final = {
    ID: "up to 20 small letters, digits and _, a letter first",
    PREFIX: "one to three capital letters",
    CATEGORY: "names of categories with / between them, e.g. water/pipe",
    TAG: "a household's tag: small letters, digits and -",
}
