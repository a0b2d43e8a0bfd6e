"""Writes `<state>/asterisk/etc` from asterisk-config/templates, all or nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2

from callcenter.drills import DRILL_KEY, RANK, STOPPED
from callcenter.errors import ConfigError
from callcenter.render.dialplan import closed_days, spans, steps
from callcenter.render.queues import members, outside_calls, outside_numbers, pools, press_queue
from callcenter.settings import CHECKOUT, Settings
from callcenter.site.schema import Site

TEMPLATES = CHECKOUT / "asterisk-config/templates"
SOUNDS = CHECKOUT / "asterisk-config/sounds"
INCLUDED_ONLY = {"pjsip-trunk.j2"}
TIER = "0${FILTER(0-9,${DB(sixring/tier)})}"      # the surge's, in an expression
FOLDERS = ("etc/dialplan", "lib/keys", "data/sounds", "spool", "run", "log/cel-custom")


@dataclass(frozen=True)
class AsteriskFiles:
    """Of the Asterisk that will run: its modules' folder, and the folder whose `documentation` it wants to read."""

    modules: Path
    data: Path


def render(site: Site, settings: Settings, secrets: Mapping[str, str], asterisk: AsteriskFiles, *,
           sounds: Path = SOUNDS) -> bool:
    """True when anything differs from what was there (Asterisk then has to reload).

    Raises jinja2.UndefinedError for a missing secret, ConfigError for a prompt that has no sound file.
    """
    home = settings.asterisk
    _check_prompts(site, settings.site_file, sounds)
    for folder in FOLDERS:
        (home / folder).mkdir(parents=True, exist_ok=True)
    pages = _pages(site, settings, secrets, asterisk)
    changed = _write(home / "etc", pages)
    _link(home / "data/documentation", asterisk.data / "documentation")
    return _copy_sounds(sounds, home / "data/sounds") or changed


def _pages(site: Site, settings: Settings, secrets: Mapping[str, str], asterisk: AsteriskFiles) -> dict[str, str]:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - not HTML
    environment.filters |= {"steps": steps, "digest": lambda secret: hashlib.sha1(secret.encode()).hexdigest(),  # noqa: S324 - hides, no more
                             "spans": lambda opening: list(spans(opening)), "outside_calls": outside_calls,
                            "members": lambda queue, stage: members(site, queue, stage),
                            "pools": lambda queue: list(pools(site, queue))}
    context = {
        "site": site, "ports": settings.ports, "node": settings.node, "home": settings.asterisk,
        "recordings": settings.recordings, "voicemail": settings.voicemail, "secrets": secrets,
        "modules": asterisk.modules, "available": {path.stem for path in asterisk.modules.glob("*.so")},
        "first": site.ring.overflow_after * site.ring.seconds, "outside_numbers": outside_numbers(site),
        "posture": site.posture, "tier": TIER, "drill_rank": RANK, "drill_key": DRILL_KEY, "drill_stopped": STOPPED,
        "queue_ids": {queue.id for queue in site.queues}, "press_queue": press_queue(site),
        "closed_days": closed_days(site.schedule, datetime.now(UTC).astimezone(ZoneInfo(site.timezone)).date()),
    }
    names = [name for name in environment.list_templates() if name not in INCLUDED_ONLY]
    return {name.removesuffix(".j2"): environment.get_template(name).render(context) for name in names}


def _write(folder: Path, pages: dict[str, str]) -> bool:
    changed = False
    for name, text in pages.items():
        target = folder / name
        if target.exists() and target.read_text() == text:
            continue
        changed = True
        part = target.with_name(target.name + ".part")
        part.touch(mode=0o640)
        part.write_text(text)
        part.replace(target)
    return changed


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _copy_sounds(source: Path, target: Path) -> bool:
    """Copies what is new: Asterisk's user may not be able to read the checkout."""
    changed = False
    for path in source.rglob("*.wav"):
        copy = target / path.relative_to(source)
        if copy.exists() and copy.stat().st_size == path.stat().st_size and copy.stat().st_mtime >= path.stat().st_mtime:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        changed = True
    return changed


def _check_prompts(site: Site, site_file: Path, sounds: Path) -> None:
    """Every prompt that a menu names has a sound in both languages."""
    wanted = {name for menu in site.menus for name in menu.prompts}
    wanted |= {choice.prompt for menu in site.menus for choice in menu.keys.values() if choice.prompt}
    wanted |= {name for menu in site.menus for name in menu.in_surge}
    for name in sorted(wanted):
        for language in ("zh", "en"):
            if not (sounds / language / f"{name}.wav").exists():
                line = next((place for place, text in enumerate(site_file.read_text().splitlines(), 1) if name in text), 1)
                raise ConfigError(str(site_file), line, "menus", f"no sound {language}/{name}.wav",
                                  "render it with `sixring prompts render`, or name another prompt")
