"""`python -m crm recordings …`: checks what is sealed, and seals all anew with a new key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from callcenter.runtime.credentials import keep_secrets
from callcenter.settings import Settings
from crm.command import failed, instance_database
from crm.privacy.doomed import RECORDINGS, sweep
from crm.recordings.check import check_all
from crm.recordings.keys import KeyRing
from crm.recordings.seal import Vault, seal_anew
from crm.staff.audit import record_audit

recordings_app = typer.Typer(help="Recordings at rest: verify, rekey.")


def vault_of(settings: Settings) -> Vault:
    return Vault(settings.recordings, KeyRing(settings.secrets))


@recordings_app.command("verify")
def recordings_verify() -> None:
    """Opens every sealed recording and compares it with what was recorded; each fault is a line, and the exit status is 1."""
    settings = Settings.load()
    count, faults = 0, 0
    with instance_database() as database:
        for checked in check_all(database, vault_of(settings), datetime.now(UTC)):
            count += 1
            if checked.fault is not None:
                faults += 1
                typer.echo(f"{checked.call_id}: {checked.fault.value}: {checked.path}", err=True)
    typer.echo(f"{count} recordings, {faults} faults")
    if faults:
        raise typer.Exit(1)


@recordings_app.command("rekey")
def recordings_rekey(
    go_on: Annotated[bool, typer.Option("--continue", help="no new key: finish what was begun")] = False,
) -> None:
    """A new key, which seals from now on, and every recording sealed anew with it. Older keys stay in the secrets file: backups
    need them. Safe to be killed in; then go on with --continue."""
    settings = Settings.load()
    vault = vault_of(settings)
    ids = vault.ring.ids()
    if not go_on or not ids:
        number = int(ids[-1]) + 1 if ids else 1
        keep_secrets(settings.secrets_file, [f"recordings-key-{number}"])
    newest = vault.ring.newest()
    count, faults = 0, 0
    with instance_database() as database:
        while any(step := seal_anew(database, vault, newest, datetime.now(UTC))):
            count, faults = count + step[0], faults + step[1]
            sweep(database, {RECORDINGS: vault.folder})
        sweep(database, {RECORDINGS: vault.folder})
        with database.writing.begin() as session:
            record_audit(session, at=datetime.now(UTC), who="console", action="recordings.rekeyed", subject=f"key:{newest}",
                         detail=f"{count} recordings")
    typer.echo(f"key {newest}: {count} recordings sealed anew")
    if faults:
        raise failed(f"{faults} are gone or damaged: `sixring recordings verify` names them")
