"""Brings the database to this version; at the first start, makes the first users and agents and the demo's households.

crm owns the database; it is asked as a process, because the command line imports no other package.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from callcenter.errors import Unavailable
from callcenter.settings import CHECKOUT

if TYPE_CHECKING:
    from callcenter.settings import Settings
    from callcenter.site.schema import Site

DEMO_USERS: Final = {"admin": "admin", "manager": "manager", "supervisor": "supervisor", "leader": "leader",
                     "agent": "agent", "wallboard": "wallboard"}
FIRST_USERS: Final = {"admin": "admin"}
DEMO_HOUSEHOLDS = CHECKOUT / "asterisk-config/demo-households.csv"


def users_of(settings: Settings) -> dict[str, str]:
    """Name and role of the users that the first start makes."""
    return DEMO_USERS if settings.demo else FIRST_USERS


def crm(settings: Settings, *words: str, text: str = "", timeout: float = 120) -> str:
    """What `python -m crm …` printed. Raises Unavailable with its complaint."""
    try:
        done = subprocess.run([sys.executable, "-m", "crm", *words], input=text, capture_output=True, text=True,
                              timeout=timeout, cwd=CHECKOUT, env=os.environ | {"SIXRING_STATE": str(settings.state)})
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"crm {words[0]} took more than {timeout:g} s") from error
    if done.returncode != 0:
        raise Unavailable(f"crm {' '.join(words[:2])}: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout


def is_current(settings: Settings) -> bool:
    """Whether the database has this version's tables. Raises Unavailable."""
    return crm(settings, "migrate", "--check").strip() == "current"


def prepare_database(settings: Settings, site: Site, secrets: dict[str, str]) -> None:
    """Idempotent, and quick when it was done before for this database."""
    users = users_of(settings)
    mark = settings.state / "run/prepared"
    done = f"{settings.database_url}\n{sorted(users)}\n{sorted(agent.code for agent in site.agents)}\n"
    if mark.exists() and mark.read_text() == done:
        crm(settings, "migrate")
        return
    households = ["--households", str(DEMO_HOUSEHOLDS)] if settings.demo and DEMO_HOUSEHOLDS.exists() else []
    crm(settings, "prepare", *households, timeout=300,
        text="".join((*(f"user {name} {role} {secrets[f'user-{name}']}\n" for name, role in users.items()),
                      *(f"agent {agent.code} {secrets[f'pin-{agent.code}']}\n" for agent in site.agents))))
    mark.write_text(done)
    mark.chmod(0o600)
