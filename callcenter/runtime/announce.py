"""The outage notice lives in Asterisk's own database: it is heard and changed with every Python process dead."""

from __future__ import annotations

import re

from callcenter.errors import NotFound
from callcenter.runtime.asterisk import NoAsterisk, find_asterisk
from callcenter.runtime.probes import ami_action
from callcenter.settings import Settings

FAMILY, KEY = "sixring", "notice"
_PROMPT = re.compile(r"^[a-z][a-z0-9-]{0,30}$")


def announce(settings: Settings, prompt: str | None) -> None:
    """Raises NotFound for a prompt that has no sound, Unavailable or OSError when Asterisk does not answer."""
    if prompt is not None and not (_PROMPT.match(prompt) and has_sound(settings, prompt)):
        raise NotFound(f"no prompt {prompt} in {settings.asterisk / 'data/sounds'}")
    put(settings, KEY, prompt)


def put(settings: Settings, key: str, value: str | None) -> None:
    """Into Asterisk's own database; None: out of it. Raises Unavailable or OSError when Asterisk does not answer."""
    try:
        asterisk = find_asterisk()
    except NoAsterisk:  # it runs elsewhere
        ami_action(settings, settings.secrets()["ami"], {"Action": "DBPut", "Family": FAMILY, "Key": key, "Val": value or ""})
        return
    asterisk.console(settings, f"database put {FAMILY} {key} {value}" if value else f"database del {FAMILY} {key}")


def has_sound(settings: Settings, prompt: str) -> bool:
    sounds = settings.asterisk / "data/sounds"
    return any((sounds / language / f"{prompt}.wav").exists() for language in ("zh", "en"))
