"""The crm process as it is run, killed in the middle of its work whatever the machine does: it kills itself as it is about to
commit what it has written into a table. Who waits and then kills from outside is too late on a busy machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Final

from callcenter.settings import CHECKOUT

START_S: Final = 240      # until it dies; for a start on a machine that has much else to do
DIES: Final = textwrap.dedent("""
    import os, signal, sys
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from callcenter.settings import Settings
    from crm.app import run

    table, at = sys.argv[1], int(sys.argv[2])
    commits = []

    @event.listens_for(Engine, "after_cursor_execute")
    def wrote(connection, cursor, statement, *_):
        if table in statement and not statement.startswith("SELECT"):
            connection.info["wrote"] = True

    @event.listens_for(Engine, "rollback")
    def wrote_nothing(connection):
        connection.info.pop("wrote", None)

    @event.listens_for(Engine, "commit")
    def commits_it(connection):
        if connection.info.pop("wrote", False):
            commits.append(connection)
            if len(commits) == at:
                os.kill(os.getpid(), signal.SIGKILL)

    run(Settings.load())
""")


def killed_at_commit(state: Path, table: str, *, at: int) -> None:
    """At the commit of this number, from 1, of those that wrote into the table: the ones before are kept, this one is lost."""
    died = subprocess.run([sys.executable, "-c", DIES, table, str(at)], cwd=CHECKOUT, check=False, timeout=START_S,
                          stdout=subprocess.DEVNULL, env=os.environ | {"SIXRING_STATE": str(state)})
    assert died.returncode == -signal.SIGKILL
