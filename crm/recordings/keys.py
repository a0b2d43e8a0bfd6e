"""Keys of recordings: in the secrets file, outside the database. The newest seals, every older one still opens."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.errors import Unavailable

KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"recordings-key-([1-9][0-9]{0,5})")


class KeyMissing(Unavailable):
    """The secrets file has no such key: what was sealed with it cannot be opened, and without any nothing can be sealed."""

    code = "key_missing"


@dataclass(frozen=True)
class KeyRing:
    """Reads the secrets each time, a small file: a key that `sixring recordings rekey` makes is known everywhere at once."""

    secrets: Callable[[], Mapping[str, str]]

    def newest(self) -> str:
        """Its id. Raises KeyMissing."""
        ids = self.ids()
        if not ids:
            raise KeyMissing("no recordings-key-…")
        return ids[-1]

    def ids(self) -> list[str]:
        """Oldest first."""
        return sorted((found[1] for name in self._secrets() if (found := _NAME.fullmatch(name))), key=int)

    def key(self, key_id: str) -> bytes:
        """Raises KeyMissing."""
        text = self._secrets().get(f"recordings-key-{key_id}", "")
        try:
            key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError as error:
            raise KeyMissing(f"recordings-key-{key_id} is no key") from error
        if len(key) != KEY_BYTES:
            raise KeyMissing(f"recordings-key-{key_id}")
        return key

    def _secrets(self) -> Mapping[str, str]:
        try:
            return self.secrets()
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:     # no JSON, for a moment
            raise KeyMissing("the secrets cannot be read") from error
