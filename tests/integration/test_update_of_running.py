"""An update of a site that runs: nobody of the older version writes into the newer version's tables."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic import command

from callcenter.errors import Unavailable
from callcenter.runtime import start as starting
from callcenter.runtime.pids import alive
from callcenter.runtime.programs import pid_file
from callcenter.runtime.start import halt_writers, start
from callcenter.runtime.supervise import Supervisor
from callcenter.settings import Settings, new_settings
from crm.database import make_engine, open_database
from crm.migrate import alembic_config, migrate

CHECKOUT = Path(__file__).resolve().parents[2]
RUNNING = ("acd", "crm", "dashboard")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an instance whose tables are the ones of the version before the desk."""
    made = new_settings(tmp_path, offset=3000, site_file=CHECKOUT / "asterisk-config/site.yaml", demo=False)
    made.save()
    (tmp_path / "run").mkdir()
    engine = make_engine(made.database_url).execution_options(sixring_writes=True)
    with engine.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0007")
    engine.dispose()
    return made


@pytest.fixture
def processes(settings: Settings) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """What runs of it, with the pid files that `keep.sh` writes."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    made = {name: subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) for name in RUNNING}
    for name, process in made.items():
        born = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        pid_file(settings, name).write_text(f"{boot} {process.pid} {born}\n")
    yield made
    for process in made.values():
        process.kill()
        process.wait()


def living(settings: Settings) -> list[str]:
    return [name for name in RUNNING if alive(pid_file(settings, name))]


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asterisk, the supervisor and other instances of this machine have no part in it."""
    made = SimpleNamespace(site=None, secrets={}, owner=None, asterisk=None)
    def gone(_: Supervisor) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(Supervisor, "_rpc", gone)
    monkeypatch.setattr(starting, "ports_are_free", lambda _: None)
    monkeypatch.setattr(starting, "configure", lambda _: made)
    monkeypatch.setattr(starting, "programs", lambda *_: [])


@pytest.mark.usefixtures("processes", "configured")
def test_crm_and_dashboard_have_ended_before_the_tables_change_and_acd_goes_on(
        settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(starting, "prepare_database", lambda *_: seen.append(living(settings)))
    monkeypatch.setattr(starting, "_apply", lambda *_, halted, **__: seen.append(halted))
    monkeypatch.setattr(starting, "_wait", lambda *_: None)
    start(settings, lambda _: None, wait_s=1)
    assert seen == [["acd"], ["dashboard", "crm"]], "what was ended is started again"


@pytest.mark.usefixtures("processes", "configured")
def test_what_was_ended_is_started_again_when_the_tables_cannot_be_changed(
        settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("no space left")

    resumed: list[str] = []
    monkeypatch.setattr(starting, "prepare_database", full)
    monkeypatch.setattr(Supervisor, "resume", lambda _, names: resumed.extend(names))
    with pytest.raises(Unavailable, match="no space left"):
        start(settings, lambda _: None, wait_s=1)
    assert resumed == ["dashboard", "crm"]


@pytest.mark.usefixtures("processes")
def test_a_start_that_changes_no_table_ends_nobody(settings: Settings) -> None:
    database = open_database(settings.database_url)
    migrate(database)
    database.close()
    assert halt_writers(settings) == []
    assert living(settings) == list(RUNNING)
