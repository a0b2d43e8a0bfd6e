"""`python -m crm user …` and `audit …`: who may sign in, and whether the audit is whole. What is changed here, `console` did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from callcenter.errors import Conflict, NotFound
from callcenter.roles import Role
from crm.command import failed, instance_database
from crm.command import password as asked_password
from crm.staff import service as staff
from crm.staff.actor import Actor
from crm.staff.chain import keeper_of
from crm.staff.users_change import UserChange, change_user, create_user, estate_ids
from crm.staff.verify import accept, verify

CONSOLE: Final = Actor("console", is_system=True)    # who has the machine

user_app = typer.Typer(help="Who may sign in.")
audit_app = typer.Typer(help="Whether the audit is what was written.")


@audit_app.command("verify")
def audit_verify(
    accept_head: Annotated[bool, typer.Option("--accept-head", help="after a restore: this is the whole audit now")] = False,
    reason: Annotated[str, typer.Option(help="why; it goes into the audit")] = "",
) -> None:
    """Reads the whole chain; every break is a line, and the exit status is 1."""
    with instance_database() as database:
        if accept_head:
            if not reason.strip():
                raise failed("--accept-head needs a --reason")
            with database.writing.begin() as session:
                accept(session, CONSOLE.name, reason.strip(), datetime.now(UTC))
        with database.reading() as session:
            verdict = verify(session)
            keyed = bool(keeper_of(session).key)
    if not keyed:
        typer.echo("there is no key for the audit in the secrets file: `sixring up` makes one", err=True)
    for fault in verdict.broken:
        typer.echo(str(fault), err=True)
    typer.echo(f"{verdict.rows} rows, newest {verdict.head.place}: {'whole' if verdict.whole else 'BROKEN'}")
    if not verdict.whole:
        raise typer.Exit(1)


@user_app.command("add")
def user_add(
    name: str,
    role: Annotated[list[Role], typer.Option(help="repeat it for several")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="succeed when the user is there already")] = False,
    estate: Annotated[list[str] | None, typer.Option(help="name or id of an estate; repeat it for several; none: all")] = None,
) -> None:
    try:
        with instance_database() as database, database.writing.begin() as session:
            if if_missing and name in {user.name for user in staff.users(session)}:
                return
            estates = estate_ids(session, estate) if estate else None
            create_user(session, CONSOLE, name, role, asked_password(from_stdin=password_stdin), datetime.now(UTC), estates)
    except Conflict as error:
        raise failed(str(error) or error.code) from error


@user_app.command("list")
def user_list() -> None:
    with instance_database() as database, database.reading() as session:
        for user in staff.users(session):
            estates = "all" if user.estates is None else ",".join(str(estate) for estate in sorted(user.estates)) or "none"
            typer.echo(f"{user.name}\t{','.join(sorted(user.roles))}\t{'active' if user.active else 'disabled'}\t{estates}")


@user_app.command("change")
def user_change(
    name: str,
    role: Annotated[list[Role] | None, typer.Option(help="all roles from now on; repeat it for several")] = None,
    estate: Annotated[list[str] | None, typer.Option(help="all estates from now on, by name or id; repeat it")] = None,
    all_estates: Annotated[bool, typer.Option("--all-estates", help="no limit")] = False,
) -> None:
    """Other roles, other estates."""
    try:
        with instance_database() as database, database.writing.begin() as session:
            change_user(session, CONSOLE, name, UserChange(
                roles=frozenset(role) if role else None, all_estates=all_estates,
                estates=estate_ids(session, estate) if estate else None), datetime.now(UTC))
    except (Conflict, NotFound) as error:
        raise failed(str(error) or error.code) from error


@user_app.command("disable")
def user_disable(name: str) -> None:
    try:
        with instance_database() as database, database.writing.begin() as session:
            change_user(session, CONSOLE, name, UserChange(active=False), datetime.now(UTC))
    except (Conflict, NotFound) as error:
        raise failed(str(error) or error.code) from error


@user_app.command("password")
def user_password(name: str, password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False) -> None:
    try:
        with instance_database() as database, database.writing.begin() as session:
            staff.set_password(session, name, asked_password(from_stdin=password_stdin), datetime.now(UTC))
    except (Conflict, NotFound) as error:
        raise failed(str(error)) from error
