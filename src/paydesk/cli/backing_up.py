"""`paydesk backup` and `paydesk restore`: an SQLite database as one file, and back."""

from __future__ import annotations

import time
from pathlib import Path

from paydesk.cli.screen import Exit, done, fail, out
from paydesk.oauth import keys
from paydesk.settings import Settings
from paydesk.store import schema
from paydesk.store.engines import backup
from paydesk.vault import Vault

_LOGS = ("-wal", "-shm", "-journal")


def save(settings: Settings, file: Path) -> None:
    """Copy the database to `file`, also while it is served."""
    if not settings.on_sqlite:
        fail(
            "Nothing was written: a PostgreSQL database is backed up by its own tools.",
            hint=f'Run: pg_dump --format=custom --file={file} "$PAYDESK_DATABASE_URL"',
        )
    if file.exists():
        fail(f"{file} is there already.", hint="Name a file that is not there yet.", exit=Exit.USAGE)
    if schema.revision_of(settings.database_url) is None:
        raise schema.NotMigrated(f"There is no database {settings.sqlite_file}.")
    length = backup.copy(settings.sqlite_file, file)
    found = len(backup.keys_in(file))
    done(f"The database is in {file} ({length / 2**20:.1f} MiB), whole and as it was in one moment.")
    if not found:
        out().print("Nothing is sealed in it yet.", markup=False)
        return
    out().print(
        f"Keep {_where(settings)} as well, and apart from it: without these keys the gateway keys and signing keys "
        "in the backup are lost.",
        markup=False,
    )


def restore(settings: Settings, file: Path, *, replace: bool) -> None:
    """Put a backup in the database's place, which nobody serves now.

    replace   a database that is there is put aside
    """
    if not settings.on_sqlite:
        fail(
            "Nothing was restored: a PostgreSQL database is restored by its own tools.",
            hint=f'With no server running: pg_restore --clean --if-exists --dbname="$PAYDESK_DATABASE_URL" {file}',
        )
    if not file.is_file():
        fail(f"There is no file {file}.", exit=Exit.USAGE)
    try:
        sealed = backup.keys_in(file)
        revision = schema.revision_of(f"sqlite:///{file}")
    except (backup.NoBackup, schema.DatabaseUnreachable) as problem:
        fail(str(problem), exit=Exit.USAGE)
    if revision not in schema.revisions():
        raise schema.SchemaTooNew(f"The backup is at revision {revision}, which this version does not know.")
    # Before anything is moved: a backup whose keys are lost is no use.
    vault = Vault.given(settings.keys) if settings.keys else Vault.at(settings.vault_file, make=not sealed)
    keys.check(sealed, vault)
    target = settings.sqlite_file
    if target.exists() and not replace:
        fail(f"{target} is there already.", hint="With --replace it is put aside, and not deleted.", exit=Exit.USAGE)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = None
    if target.exists():
        aside = target.with_name(f"{target.name}.before-restore-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
        for log in _LOGS:
            part = target.with_name(target.name + log)
            if part.exists():
                part.rename(aside.with_name(aside.name + log))
        target.rename(aside)
    backup.copy(file, target)
    done(f"The database is as it was in {file}.")
    if aside is not None:
        out().print(f"The one that was there is {aside}.", markup=False)
    out().print(
        "Next: `paydesk migrate`; `paydesk adopt-installation`, since the former one acted at Stripe after this was "
        "written; `paydesk reconcile --since 30d`, which tells what Stripe knows and this database does not; "
        "then serve.",
        markup=False,
    )


def _where(settings: Settings) -> str:
    return "the value of PAYDESK_KEYS" if settings.keys else f"the key file {settings.vault_file}"
