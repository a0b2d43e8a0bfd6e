"""What an instance consists of, and the supervisor's file that says so."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

from callcenter.runtime.asterisk import AsteriskInstall, major
from callcenter.runtime.owner import Owner
from callcenter.runtime.programs import programs
from callcenter.runtime.supervisord import render
from callcenter.settings import Settings, new_settings

ASTERISK = AsteriskInstall(("/usr/sbin/asterisk",), Path("/m"), Path("/d"), "22.10.1")
ROOTS = Owner(990, 990, drop=True)
USERS = Owner(1000, 1000, drop=False)


def instance(**options: str | bool) -> Settings:
    return new_settings(Path("/var/lib/sixring/100%"), offset=0, site_file=Path("/etc/site.yaml"), **options)  # type: ignore[arg-type]


def parsed(settings: Settings) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read_string(render(settings, programs(settings, ASTERISK, ROOTS), root=True))
    return parser


def test_asterisk_and_redis_are_adopted_and_python_is_replaced() -> None:
    kept = {program.name: program.kept for program in programs(instance(), ASTERISK, ROOTS)}
    assert kept == {"redis": "adopt", "asterisk": "adopt", "agi": "replace", "acd": "replace", "crm": "replace",
                    "dashboard": "replace", "demo": "replace", "guard": "replace"}


def test_asterisk_started_by_root_runs_as_its_own_user() -> None:
    command = next(program.command for program in programs(instance(), ASTERISK, ROOTS) if program.name == "asterisk")
    assert command[0] == "setpriv"
    assert "--reuid=990" in command
    assert command[-4:] == ("/usr/sbin/asterisk", "-C", "/var/lib/sixring/100%/asterisk/etc/asterisk.conf", "-f")


def test_asterisk_started_by_a_user_runs_as_that_user() -> None:
    command = next(program.command for program in programs(instance(), ASTERISK, USERS) if program.name == "asterisk")
    assert command[0] == "/usr/sbin/asterisk"


def test_a_redis_by_url_and_an_asterisk_elsewhere_are_not_started() -> None:
    settings = instance(redis_url="redis://10.0.0.5/0", demo=False)
    assert [program.name for program in programs(settings, None, USERS)] == ["agi", "acd", "crm", "dashboard", "guard"]


def test_the_supervisor_never_gives_up_on_any_program() -> None:
    parser = parsed(instance())
    sections = [parser[name] for name in parser.sections() if name.startswith("program:")]
    assert len(sections) == 8
    for section in sections:
        assert section["autorestart"] == "true"
        assert section["startsecs"] == "0"
        assert int(section["startretries"]) >= 1_000_000_000


def test_what_is_python_has_one_heap_for_all_its_threads() -> None:
    parser = parsed(instance())
    alone = {name.removeprefix("program:") for name in parser.sections()
             if "MALLOC_ARENA_MAX" in parser[name].get("environment", "")}
    assert alone == {"agi", "acd", "crm", "dashboard", "demo", "guard"}


def test_an_adopted_process_does_not_write_into_the_supervisors_pipe() -> None:
    parser = parsed(instance())
    for name in ("redis", "asterisk"):
        words = shlex.split(parser[f"program:{name}"]["command"])
        assert words[2] == "adopt"
        assert words[4] == f"/var/lib/sixring/100%/log/{name}.log"
        assert parser[f"program:{name}"]["stdout_logfile"] == "NONE"


def test_a_percent_sign_in_a_path_survives_the_files_interpolation() -> None:
    assert parsed(instance())["unix_http_server"]["file"] == "/var/lib/sixring/100%/run/supervisor.sock"


def test_versions_are_read_from_what_asterisk_prints() -> None:
    assert major("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1") == 22
    assert major("GIT-master") == 0
