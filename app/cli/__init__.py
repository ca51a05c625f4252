"""The `campus` command: a thin shell over the services."""

import sys

import typer
from rich.console import Console

from app.backup import BackupRefused
from app.cli import (
    accounts,
    audit,
    backup,
    districts,
    doctor,
    households,
    keys,
    moving_in,
    relationships,
    roster,
    schools,
    secrets,
    server,
    signing_keys,
    specification,
    sso,
    staff,
)
from app.errors import CampusError, NotReady, Overloaded, ValidationFailed
from app.letters.press import CannotPrint, PrintingFailed
from app.security.signing_key_list import SigningKeysRefused
from app.services.district_directory import DirectoryRefused
from app.services.keys import NobodyToIssueTo
from app.services.office.key_file import NoKeys
from app.services.resealing import SecretRefused
from app.services.setting_paths import SettingRefused
from app.settings import SettingsError
from app.translation import fill

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(server.app)
app.add_typer(doctor.app)
app.add_typer(backup.app)
app.add_typer(specification.app)
app.add_typer(districts.app, name="districts")
app.add_typer(sso.app, name="sso")
app.add_typer(schools.app, name="schools")
app.add_typer(households.app, name="households")
app.add_typer(roster.app, name="roster")
app.add_typer(keys.app, name="keys")
app.add_typer(accounts.app, name="accounts")
app.add_typer(relationships.app, name="relationships")
app.add_typer(staff.app, name="staff")
app.add_typer(audit.app, name="audit")
app.add_typer(secrets.app, name="secrets")
app.add_typer(signing_keys.app, name="signing-keys")
accounts.app.command("import")(moving_in.import_accounts)
keys.app.command("import")(moving_in.import_keys)
households.app.command("import")(moving_in.import_households)


def main() -> None:
    """Runs a command; a refusal becomes one sentence and an exit code, never a traceback."""
    try:
        app()
    except SettingsError as error:
        _fail(2, *error.faults)
    except NotReady as error:
        _fail(1, *(f"{part}: {state}" for part, state in error.checks.items() if state != "ok"))
    except Overloaded:
        _fail(1, "the database cannot be reached, or is too busy")
    except ValidationFailed as error:
        _fail(1, *(f"{fault.pointer.lstrip('/')}: {fill(fault.detail, fault.params)}" for fault in error.errors))
    except CampusError as error:
        _fail(1, f"{error.detail} ({error.code})")
    except OSError as error:
        _fail(1, f"{error.filename or 'file'}: {error.strerror}")
    except PrintingFailed as error:
        _fail(
            1, f"the letters could not be printed: {error}. The keys are in the CSV file; campus keys print prints them"
        )
    except (
        DirectoryRefused,
        SettingRefused,
        NobodyToIssueTo,
        CannotPrint,
        NoKeys,
        SecretRefused,
        SigningKeysRefused,
        BackupRefused,
    ) as error:
        _fail(1, str(error))


def _fail(code: int, *sentences: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for sentence in sentences:
        console.print(f"campus: {sentence}", markup=False)
    sys.exit(code)
