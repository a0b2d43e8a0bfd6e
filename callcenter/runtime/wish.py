"""What the caller of `sixring up` asked for, completed by what the instance was last started with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import SixringError
from callcenter.settings import CHECKOUT, Settings, default_state, new_settings

DEMO_SITE = CHECKOUT / "asterisk-config/site.yaml"
LONGEST_STATE = 80  # a socket's path holds 107 characters


class BadWish(SixringError):
    """An option of `up` that cannot be meant."""

    code = "bad_option"


@dataclass(frozen=True)
class Wish:
    """None: not said, so what was there stays."""

    state: Path
    offset: int | None = None
    site: Path | None = None
    demo: bool | None = None
    redis_url: str | None = None
    database_url: str | None = None
    ami: str | None = None


def state_folder(given: Path | None) -> Path:
    folder = given or Path(os.environ.get("SIXRING_STATE") or default_state())
    return folder.expanduser().absolute()


def settle(wish: Wish) -> Settings:
    """Settings for this start. Raises BadWish."""
    try:
        saved: Settings | None = Settings.load(wish.state)
    except FileNotFoundError:
        saved = None
    offset = wish.offset if wish.offset is not None else (saved.ports.offset if saved else 0)
    if not 0 <= offset <= 5000 or offset % 10:
        raise BadWish("the offset must be a multiple of 10 from 0 to 5000")
    if len(str(wish.state)) > LONGEST_STATE:
        raise BadWish(f"the path of the state folder must have at most {LONGEST_STATE} characters: sockets lie in it")
    if wish.ami and not wish.ami.rpartition(":")[2].isdigit():
        raise BadWish("SIXRING_AMI must be host:port")
    site = wish.site or (saved.site_file if saved else DEMO_SITE)
    return new_settings(
        wish.state, offset=offset, site_file=site.expanduser().absolute(),
        redis_url=_said(wish.redis_url, saved.redis_url if saved else ""),
        database_url=_said(wish.database_url, saved.database_url if saved else ""),
        demo=wish.demo if wish.demo is not None else (saved.demo if saved else True),
        node=saved.node if saved else "node1",
        ami=_said(wish.ami, saved.ami if saved else ""))


def _said(said: str | None, before: str) -> str:
    return before if said is None else said
