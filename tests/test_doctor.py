"""What is wrong with a configuration is found before a parent finds it."""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.doctor import examine
from app.main import create_app
from app.security.signing_key_list import SigningKeyList
from app.security.signing_keys import SigningKeyPair
from app.settings import SettingsError, load_settings
from tests.support.shell import Shell
from tests.support.valkey import Valkey

Environment = dict[str, str]
SECRET = secrets.token_urlsafe(48)
STATIC = ("settings", "database", "migrations")
LIVE = ("clock", "database_role", "worker", "outbox", "audit", "rosters", "signing_keys", "secret_keys", "disk", "mail")


@dataclass(frozen=True)
class Case:
    """A production environment with one thing wrong, and where the doctor must point."""

    part: str
    change: Callable[[Path], Mapping[str, str]]


def readable_for_everybody(folder: Path, text: str) -> str:
    file = folder / f"for-everybody-{len(text)}"
    file.write_text(text)
    file.chmod(0o644)
    return str(file)


UNSAFE = {
    "http": Case("CAMPUS_PUBLIC_URL", lambda _: {"CAMPUS_PUBLIC_URL": "http://accounts.example.org"}),
    "this machine by name": Case("CAMPUS_PUBLIC_URL", lambda _: {"CAMPUS_PUBLIC_URL": "https://localhost"}),
    "this machine by number": Case("CAMPUS_PUBLIC_URL", lambda _: {"CAMPUS_PUBLIC_URL": "https://127.0.0.1:8443"}),
    "this machine in IPv6": Case("CAMPUS_PUBLIC_URL", lambda _: {"CAMPUS_PUBLIC_URL": "https://[::1]"}),
    "a secret made up": Case("CAMPUS_SECRET_KEYS", lambda _: {"CAMPUS_SECRET_KEYS": "changeme" * 5}),
    "an old secret made up": Case("CAMPUS_SECRET_KEYS", lambda _: {"CAMPUS_SECRET_KEYS": f"{SECRET},{'0' * 40}"}),
    "no signing key": Case("CAMPUS_SIGNING_KEYS", lambda _: {"CAMPUS_SIGNING_KEYS": "this is no key"}),
    "a public signing key": Case(
        "CAMPUS_SIGNING_KEYS", lambda _: {"CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().public_pem}
    ),
    "workers that count for themselves": Case("CAMPUS_REDIS_URL", lambda _: {"CAMPUS_WORKERS": "2"}),
    "secrets for everybody": Case(
        "CAMPUS_SECRET_KEYS_FILE",
        lambda folder: {"CAMPUS_SECRET_KEYS": "", "CAMPUS_SECRET_KEYS_FILE": readable_for_everybody(folder, SECRET)},
    ),
    "a signing key for everybody": Case(
        "CAMPUS_SIGNING_KEYS_FILE",
        lambda folder: {
            "CAMPUS_SIGNING_KEYS": "",
            "CAMPUS_SIGNING_KEYS_FILE": readable_for_everybody(folder, SigningKeyPair.generate().private_pem),
        },
    ),
    "proxies everywhere": Case("CAMPUS_TRUSTED_PROXIES", lambda _: {"CAMPUS_TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"}),
    "a secret in clear on its way": Case(
        "CAMPUS_CAPTCHA_VERIFY_URL", lambda _: {"CAMPUS_CAPTCHA_VERIFY_URL": "http://captcha.example.org/verify"}
    ),
    "a database for everybody": Case(
        "CAMPUS_DATABASE_URL",
        lambda folder: {"CAMPUS_DATABASE_URL": f"sqlite:///{readable_for_everybody(folder, '')}"},
    ),
}


@pytest.fixture
def production(tmp_path: Path, sqlite_template: Path) -> Environment:
    """As docs/operations.md says, over a migrated database."""
    database = tmp_path / "campus.db"
    shutil.copyfile(sqlite_template, database)
    database.chmod(0o600)
    return {
        "CAMPUS_ENV": "production",
        "CAMPUS_MAIL_URL": "smtps://mail.example.org",
        "CAMPUS_MAIL_FROM": "no-reply@example.org",
        "CAMPUS_PUBLIC_URL": "https://accounts.example.org",
        "CAMPUS_DATABASE_URL": f"sqlite:///{database}",
        "CAMPUS_SECRET_KEYS": SECRET,
        "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
        "CAMPUS_TRUSTED_PROXIES": "127.0.0.1",
    }


def test_a_production_configuration_in_order_has_no_finding_and_starts(production: Environment) -> None:
    settings = load_settings(production)
    assert examine(settings, production) == []
    create_app(settings)


@pytest.mark.parametrize("case", UNSAFE.values(), ids=UNSAFE)
def test_an_unsafe_setting_is_found_and_named(production: Environment, case: Case, tmp_path: Path) -> None:
    environ = changed(production, case.change(tmp_path))
    findings = [(finding.severity, finding.part) for finding in examine(load_settings(environ), environ)]
    assert findings == [("unsafe", case.part)]


@pytest.mark.parametrize("case", [case for case in UNSAFE.values() if "FILE" not in case.part])
def test_a_production_server_does_not_start_with_an_unsafe_setting(
    production: Environment, case: Case, tmp_path: Path
) -> None:
    environ = changed(production, case.change(tmp_path))
    with pytest.raises(SettingsError, match=case.part):
        create_app(load_settings(environ))


def test_a_production_server_does_not_start_with_secrets_that_everybody_may_read(
    production: Environment, tmp_path: Path
) -> None:
    changes = [UNSAFE["secrets for everybody"].change(tmp_path), UNSAFE["a database for everybody"].change(tmp_path)]
    environ = changed(production, {**changes[0], **changes[1]})
    code, complaint = Shell(tmp_path, environ).refused("serve")
    assert code == 2
    assert [line.split()[1] for line in complaint.splitlines()] == ["CAMPUS_SECRET_KEYS_FILE:", "CAMPUS_DATABASE_URL:"]


@pytest.mark.parametrize("case", UNSAFE.values(), ids=UNSAFE)
def test_in_development_nothing_is_unsafe(production: Environment, case: Case, tmp_path: Path) -> None:
    """`make dev` must work on a laptop; the doctor still says what production would refuse."""
    environ = changed(production, {"CAMPUS_ENV": "dev", **case.change(tmp_path)})
    assert "unsafe" not in {finding.severity for finding in examine(load_settings(environ), environ)}


def test_every_finding_comes_at_once(production: Environment) -> None:
    environ = changed(
        production, {"CAMPUS_PUBLIC_URL": "http://localhost", "CAMPUS_SECRET_KEYS": "x" * 32, "CAMPUS_WORKERS": "4"}
    )
    parts = [finding.part for finding in examine(load_settings(environ), environ)]
    assert parts == ["CAMPUS_PUBLIC_URL", "CAMPUS_PUBLIC_URL", "CAMPUS_SECRET_KEYS", "CAMPUS_REDIS_URL"]


def test_no_advice_repeats_a_secret(production: Environment) -> None:
    environ = changed(production, {"CAMPUS_SECRET_KEYS": "hunter2 " * 5, "CAMPUS_SIGNING_KEYS": "hunter2"})
    findings = examine(load_settings(environ), environ)
    assert len(findings) == 2
    assert "hunter2" not in str(findings)


@pytest.mark.parametrize(
    ("variable", "url", "found"),
    [
        ("DATABASE_URL", "postgresql://campus:x@db.example.org/campus", "database.unencrypted"),
        ("DATABASE_URL", "postgresql://campus:x@db.example.org/campus?ssl=prefer", "database.unencrypted"),
        ("DATABASE_URL", "postgresql://campus:x@db.example.org/campus?ssl=require", "database.unverified"),
        ("DATABASE_URL", "postgresql://campus:x@db.example.org/campus?ssl=verify-full", None),
        ("DATABASE_URL", "postgresql://campus:x@127.0.0.1/campus", None),
        ("DATABASE_URL", "postgresql:///campus?host=/run/postgresql", None),
        ("REDIS_URL", "redis://:x@cache.example.org/0", "redis.unencrypted"),
        ("REDIS_URL", "valkey://cache.example.org/0", "redis.unencrypted"),
        ("REDIS_URL", "rediss://:x@cache.example.org/0", None),
        ("REDIS_URL", "redis://localhost/0", None),
        ("REDIS_URL", "unix:///run/valkey.sock", None),
    ],
)
def test_a_connection_over_the_network_should_be_encrypted(
    production: Environment, variable: str, url: str, found: str | None
) -> None:
    environ = changed(production, {f"CAMPUS_{variable}": url})
    findings = [(finding.severity, finding.part, finding.id) for finding in examine(load_settings(environ), environ)]
    assert findings == ([("warning", f"CAMPUS_{variable}", found)] if found else [])


def test_a_misspelt_variable_is_pointed_out(production: Environment) -> None:
    environ = changed(production, {"CAMPUS_SECRETKEYS": SECRET})
    (finding,) = examine(load_settings(environ), environ)
    assert (finding.severity, finding.part) == ("warning", "CAMPUS_SECRETKEYS")


def test_the_command_is_content_with_a_database_in_order(production: Environment, tmp_path: Path) -> None:
    shell = Shell(tmp_path, production)
    told = shell.json("doctor")
    assert (told["ok"], told["findings"]) == (True, [])
    states = {name: check["state"] for name, check in told["checks"].items()}
    skipped = dict.fromkeys(["clock", "database_role", "mail"], "skipped")
    assert states == dict.fromkeys([*STATIC, *LIVE], "ok") | skipped
    assert shell.campus("doctor") == "Everything is in order.\n"


def test_a_warning_does_not_fail_the_command(production: Environment, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {**production, "CAMPUS_COLOUR": "blue"})
    assert shell.campus("doctor").split() == ["warning", "CAMPUS_COLOUR:", "there", "is", "no", "such", "setting"]


def test_the_command_fails_where_a_server_would_not_start(production: Environment, tmp_path: Path) -> None:
    assert diagnose(Shell(tmp_path, {**production, "CAMPUS_PUBLIC_URL": "http://accounts.example.org"})) == {
        "CAMPUS_PUBLIC_URL": "must be https:// in production: tokens and passwords travel over it"
    }


def test_settings_that_cannot_be_read_are_findings_too(tmp_path: Path) -> None:
    diagnosis = diagnose(Shell(tmp_path, {"CAMPUS_ENV": "production", "CAMPUS_PUBLIC_URL": "https://a.example.org"}))
    assert set(diagnosis) == {"CAMPUS_SECRET_KEYS", "CAMPUS_SIGNING_KEYS"}


@pytest.mark.parametrize("env", ["dev", "production"])
def test_a_database_that_was_never_migrated_is_found(production: Environment, env: str, tmp_path: Path) -> None:
    empty = changed(only_database(production, env), {"CAMPUS_DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"})
    assert "campus migrate" in diagnose(Shell(tmp_path, empty))["migrations"]


@pytest.mark.parametrize("env", ["dev", "production"])
def test_a_database_server_that_is_not_there_is_found(production: Environment, env: str, tmp_path: Path) -> None:
    absent = changed(only_database(production, env), {"CAMPUS_DATABASE_URL": "postgresql://campus@127.0.0.1:1/campus"})
    assert diagnose(Shell(tmp_path, absent))["database"] == "unreachable"


def test_a_database_file_that_cannot_be_is_found(production: Environment, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    impossible = changed(production, {"CAMPUS_DATABASE_URL": f"sqlite:///{tmp_path}/file/campus.db"})
    assert "cannot make" in diagnose(Shell(tmp_path, impossible))["CAMPUS_DATABASE_URL"]


def test_a_redis_that_was_killed_is_found(production: Environment, valkey: Valkey, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {**production, "CAMPUS_REDIS_URL": valkey.url})
    assert shell.json("doctor")["findings"] == []
    valkey.kill()
    assert diagnose(shell) == {"redis": "unreachable"}


def changed(environ: Environment, changes: Mapping[str, str]) -> Environment:
    return {name: value for name, value in {**environ, **changes}.items() if value}


def only_database(production: Environment, env: str) -> Environment:
    """The whole of a production environment, or the little that development needs."""
    return production if env == "production" else {"CAMPUS_DATABASE_URL": production["CAMPUS_DATABASE_URL"]}


def diagnose(shell: Shell) -> dict[str, str]:
    """What the doctor finds unsafe, by part; the exit code must say so too."""
    printed = shell.run("doctor", "--json")
    assert "Traceback" not in printed.err, printed.err
    diagnosis: dict[str, Any] = printed.json
    assert (printed.code, diagnosis["ok"]) == (1, False)
    return {found["part"]: found["advice"] for found in diagnosis["findings"] if found["severity"] == "unsafe"}


def test_a_signing_key_of_years_is_pointed_out(production: Environment, tmp_path: Path) -> None:
    file = tmp_path / "signing-keys"
    file.write_text(production["CAMPUS_SIGNING_KEYS"])
    file.chmod(0o600)
    os.utime(file, (0, 1_600_000_000))
    environ = changed(production, {"CAMPUS_SIGNING_KEYS": "", "CAMPUS_SIGNING_KEYS_FILE": str(file)})
    assert [found.id for found in examine(load_settings(environ), environ)] == ["signing_keys.old"]


def test_a_change_of_signing_keys_that_nobody_finished_is_pointed_out(production: Environment, tmp_path: Path) -> None:
    file = tmp_path / "signing-keys"
    environ = changed(production, {"CAMPUS_SIGNING_KEYS": "", "CAMPUS_SIGNING_KEYS_FILE": str(file)})
    now, found = SystemClock().now(), []
    for began in (now - timedelta(hours=1), now - timedelta(days=2)):
        file.write_text(SigningKeyList.parse(production["CAMPUS_SIGNING_KEYS"]).added(began).text)
        file.chmod(0o600)
        found.append([finding.id for finding in examine(load_settings(environ), environ)])
    assert found == [[], ["signing_keys.unfinished"]]


def test_every_finding_has_an_id_of_its_own(production: Environment, tmp_path: Path) -> None:
    """Which scripts may rely on: part and kind."""
    found = set()
    for case in UNSAFE.values():
        environ = changed(production, case.change(tmp_path))
        found |= {finding.id for finding in examine(load_settings(environ), environ)}
    assert found == {
        *("public_url.insecure", "public_url.loopback", "secret_keys.weak", "signing_keys.unusable", "redis.needed"),
        *("files.readable", "proxies.everybody", "database.readable", "captcha.insecure"),
    }
