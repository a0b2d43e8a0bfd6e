"""What the subcommands share: the instance's database, a password, an end with a complaint."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from callcenter.settings import Settings
from crm.database import Database
from crm.instance import open_instance


@contextmanager
def instance_database() -> Iterator[Database]:
    database = open_instance(Settings.load())
    try:
        yield database
    finally:
        database.close()


def failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def password(*, from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else getpass.getpass()
