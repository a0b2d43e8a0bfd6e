"""The table of commands, and one place where an error becomes a line and an exit status.

Exit status: 0 done; 1 it did not work; 2 the site file or an option is wrong.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jinja2
import typer

from callcenter.cli import client as client_command
from callcenter.cli import doctor as doctor_command
from callcenter.cli import safe
from callcenter.cli import status as status_command
from callcenter.cli import up as up_command
from callcenter.cli.options import State
from callcenter.errors import ConfigError, SixringError
from callcenter.prompts import command as spoken
from callcenter.runtime.wish import BadWish, state_folder
from callcenter.settings import CHECKOUT, Settings
from callcenter.site.load import SiteErrors

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="Sixring 六响: the property-management hotline on Asterisk.")
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

app.command("up")(up_command.up)
app.command("down")(up_command.down)
app.command("render")(up_command.render_only)
app.command("prepare")(up_command.prepare)
app.command("exec")(up_command.execute)
app.command("console")(up_command.console)
app.command("status")(status_command.status)
app.command("logs")(status_command.logs)
app.command("doctor")(doctor_command.doctor)
app.command("backup")(safe.backup)
app.command("restore")(safe.restore)
app.command("client")(client_command.client)
app.command("notice")(up_command.notice)
app.command("switch")(up_command.switch)


@app.command("user", context_settings=PASS_ON, help="Who may sign in: add, change, list, password, disable.")
def user(context: typer.Context, state: State = None) -> None:
    """Handed to `crm`, which owns the users."""
    _crm("user", context, state)


@app.command("audit", context_settings=PASS_ON, help="Whether the audit is what was written: verify.")
def audit(context: typer.Context, state: State = None) -> None:
    _crm("audit", context, state)


@app.command("recordings", context_settings=PASS_ON, help="Recordings at rest: verify, rekey.")
def recordings(context: typer.Context, state: State = None) -> None:
    _crm("recordings", context, state)


@app.command("retention", context_settings=PASS_ON, help="Forget what is too old, or with --dry-run count it.")
def retention(context: typer.Context, state: State = None) -> None:
    _crm("retention", context, state)


@app.command("outage", context_settings=PASS_ON, help="Outages: list; acknowledge ID (also without database and pages).")
def outage(context: typer.Context, state: State = None) -> None:
    folder = Settings.load(state_folder(state)).state
    raise typer.Exit(subprocess.run([sys.executable, "-m", "crm.outages", *(context.args or ["list"])], cwd=CHECKOUT,
                                    env=up_command.environment(folder)).returncode)


def _crm(command: str, context: typer.Context, state: Path | None) -> None:
    environment_state = Settings.load(state_folder(state)).state
    done = subprocess.run([sys.executable, "-m", "crm", command, *context.args], cwd=CHECKOUT,
                          env=up_command.environment(environment_state))
    raise typer.Exit(done.returncode)


@app.command("kinds", context_settings=PASS_ON, help="Kinds of tickets: check FILE.")
def kinds(context: typer.Context) -> None:
    """Handed to `crm`; needs no instance."""
    args = [str(Path(arg).resolve()) if Path(arg).is_file() else arg for arg in context.args]
    raise typer.Exit(subprocess.run([sys.executable, "-m", "crm", "kinds", *args], cwd=CHECKOUT).returncode)


@app.command("incidents", context_settings=PASS_ON, help="Types of emergencies: check FILE.")
def incidents(context: typer.Context) -> None:
    """Handed to `crm`; needs no instance."""
    args = [str(Path(arg).resolve()) if Path(arg).is_file() else arg for arg in context.args]
    raise typer.Exit(subprocess.run([sys.executable, "-m", "crm", "incidents", *args], cwd=CHECKOUT).returncode)


@app.command("drill", context_settings=PASS_ON, help="Drills: start NAME, stop, show; simulate FILE, check FILE.")
def drill(context: typer.Context, state: State = None) -> None:
    """Handed to `crm`; needs an instance only for its own past calls."""
    try:
        environment = up_command.environment(Settings.load(state_folder(state)).state)
    except FileNotFoundError:
        environment = None
    args = [str(Path(arg).resolve()) if context.args[place - 1: place] == ["--plot"] or Path(arg).is_file() else arg
            for place, arg in enumerate(context.args)]
    raise typer.Exit(subprocess.run([sys.executable, "-m", "crm", "drill", *args], cwd=CHECKOUT, env=environment).returncode)


@app.command("prompts", context_settings=PASS_ON, help="The spoken prompts: render what changed, check all.")
def prompts(context: typer.Context) -> None:
    raise typer.Exit(spoken.main(context.args))


def run() -> None:
    try:
        app()
    except SiteErrors as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        sys.exit(2)
    except (ConfigError, BadWish) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except jinja2.TemplateError as error:
        print(f"asterisk-config/templates: {error}", file=sys.stderr)
        sys.exit(1)
    except FileNotFoundError as error:
        missing = Path(error.filename or "")
        hint = "there is no instance here: `make up` makes one" if missing.name == "instance.json" else error.strerror
        print(f"{missing}: {hint}", file=sys.stderr)
        sys.exit(1)
    except (SixringError, OSError) as error:
        print(f"sixring: {error}", file=sys.stderr)
        sys.exit(1)
