"""CAMPUS_* variables become settings, or every fault at once."""

import os
from pathlib import Path

import pytest

from app.security.signing_keys import SigningKeyPair
from app.settings import Settings, SettingsError, load_settings, unknown_variables

SECRET = "a-secret-of-more-than-thirty-two-characters"
OLDER_SECRET = "another-secret-that-was-in-use-until-last-week"


def test_an_empty_environment_is_a_development_machine() -> None:
    settings = load_settings({})
    assert (settings.env, settings.database_url, settings.redis_url) == ("dev", "sqlite:///var/campus.db", None)
    assert settings.hash_threads == os.cpu_count()


def test_other_variables_are_none_of_our_business() -> None:
    assert load_settings({"PATH": "/usr/bin", "WORKERS": "many"}) == load_settings({})


def test_an_empty_variable_is_the_default() -> None:
    assert load_settings({"CAMPUS_WORKERS": "", "CAMPUS_REDIS_URL": ""}) == load_settings({})


def test_lists_are_separated_by_commas_and_spaces_do_not_matter() -> None:
    settings = load_settings({"CAMPUS_SECRET_KEYS": f"{SECRET}, {OLDER_SECRET},", "CAMPUS_LINKING_STATES": "GA ,NC"})
    assert [key.get_secret_value() for key in settings.secret_keys] == [SECRET, OLDER_SECRET]
    assert settings.linking_states == {"GA", "NC"}


def test_every_fault_is_told_at_once() -> None:
    faults = faults_of(
        CAMPUS_ENV="staging",
        CAMPUS_DATABASE_URL="mysql://db/campus",
        CAMPUS_DATABASE_POOL_SIZE="0",
        CAMPUS_REDIS_URL="http://cache",
        CAMPUS_PUBLIC_URL="accounts.example.org",
        CAMPUS_SECRET_KEYS="too-short",
        CAMPUS_WORKERS="several",
        CAMPUS_LOG_LEVEL="loud",
        CAMPUS_SIGNING_KEYS_FILE="no-such-file",
    )
    assert [fault.partition(": ")[0] for fault in faults] == [
        "CAMPUS_DATABASE_POOL_SIZE",
        "CAMPUS_DATABASE_URL",
        "CAMPUS_ENV",
        "CAMPUS_LOG_LEVEL",
        "CAMPUS_PUBLIC_URL",
        "CAMPUS_REDIS_URL",
        "CAMPUS_SECRET_KEYS",
        "CAMPUS_SIGNING_KEYS_FILE",
        "CAMPUS_WORKERS",
    ]
    assert "CAMPUS_DATABASE_URL: must start with sqlite:/// or postgresql://" in faults
    assert "CAMPUS_SECRET_KEYS: each key needs 32 characters or more" in faults


def test_a_fault_begins_with_its_variable() -> None:
    """So that whoever reads a list of them knows where to go, and a program can split them."""
    for faults in (faults_of(CAMPUS_WORKERS="0"), faults_of(CAMPUS_ENV="production")):
        assert [fault for fault in faults if not fault.startswith("CAMPUS_") or ": " not in fault] == []


def test_production_wants_keys_of_its_own() -> None:
    missing = " ".join(faults_of(CAMPUS_ENV="production"))
    assert "CAMPUS_SECRET_KEYS" in missing
    assert "CAMPUS_SIGNING_KEYS" in missing


def test_what_production_lacks_is_told_together_with_the_other_faults() -> None:
    told = " ".join(faults_of(CAMPUS_ENV="production", CAMPUS_WORKERS="0"))
    assert "CAMPUS_WORKERS" in told
    assert "CAMPUS_SECRET_KEYS" in told
    assert "CAMPUS_SIGNING_KEYS" in told


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:"])
def test_an_embedded_database_is_a_file(url: str) -> None:
    """In memory each connection would have a database of its own."""
    (fault,) = faults_of(CAMPUS_DATABASE_URL=url)
    assert fault.startswith("CAMPUS_DATABASE_URL: ")


def test_linking_states_are_two_letters_each() -> None:
    (fault,) = faults_of(CAMPUS_LINKING_STATES="NC,Delaware")
    assert fault.startswith("CAMPUS_LINKING_STATES: ")
    assert load_settings({"CAMPUS_LINKING_STATES": "nc,De"}).linking_states == {"NC", "DE"}


def test_secrets_on_two_lines_are_not_taken_for_one() -> None:
    """They would work until the older one is dropped, and then nothing would."""
    settings = load_settings({"CAMPUS_SECRET_KEYS": f"{SECRET}\n{OLDER_SECRET}"})
    assert [key.get_secret_value() for key in settings.secret_keys] == [SECRET, OLDER_SECRET]


def test_the_same_secret_twice_is_a_mistake() -> None:
    assert faults_of(CAMPUS_SECRET_KEYS=f"{SECRET},{SECRET}") == ["CAMPUS_SECRET_KEYS: the same key stands twice"]


@pytest.mark.parametrize("variable", ["CAMPUS_SECRET_KEYS", "CAMPUS_REDIS_URL", "CAMPUS_WORKERS"])
def test_every_setting_may_lie_in_a_file(tmp_path: Path, variable: str) -> None:
    value = {"CAMPUS_SECRET_KEYS": SECRET, "CAMPUS_REDIS_URL": "redis://cache", "CAMPUS_WORKERS": "3"}[variable]
    file = tmp_path / "value"
    file.write_text(f"{value}\n")
    assert load_settings({f"{variable}_FILE": str(file)}) == load_settings({variable: value})


def test_a_variable_and_its_file_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(OLDER_SECRET)
    assert faults_of(CAMPUS_SECRET_KEYS=SECRET, CAMPUS_SECRET_KEYS_FILE=str(file)) == [
        "CAMPUS_SECRET_KEYS_FILE: CAMPUS_SECRET_KEYS is set too; keep one of them"
    ]


def test_a_file_that_is_no_text_is_a_fault_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xff\xfe" * 40)
    (fault,) = faults_of(CAMPUS_SECRET_KEYS_FILE=str(file))
    assert fault.startswith("CAMPUS_SECRET_KEYS_FILE: ")


@pytest.mark.parametrize("separator", ["", "\n\n"], ids=["run together", "with an empty line"])
def test_two_signing_keys_stand_one_after_the_other_in_one_variable(separator: str) -> None:
    new, old = SigningKeyPair.generate(), SigningKeyPair.generate()
    assert signing_keys_of(f"{new.private_pem}{separator}{old.private_pem}") == [new, old]


def test_line_ends_of_a_signing_key_may_be_written_as_backslash_n() -> None:
    """Some systems cannot hold a variable of several lines."""
    pair = SigningKeyPair.generate()
    assert signing_keys_of(pair.private_pem.replace("\n", "\\n")) == [pair]


def test_variables_that_mean_nothing_are_pointed_out_and_harm_nothing() -> None:
    environ = {"CAMPUS_WORKERS": "2", "CAMPUS_SECRET_KEYS_FILE": "x", "CAMPUS_SECRETKEYS": SECRET, "CAMPUS_X_FILE": "x"}
    assert unknown_variables(environ) == ["CAMPUS_SECRETKEYS", "CAMPUS_X_FILE"]
    assert load_settings({"CAMPUS_SECRETKEYS": SECRET}) == load_settings({})


def test_settings_do_not_change_while_a_process_runs() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings({}).workers = 2  # type: ignore[misc]  # that is the point


def test_no_fault_repeats_what_was_typed(tmp_path: Path) -> None:
    """A secret in the wrong variable, or half a secret, must not come to light in a log of the start."""
    file = tmp_path / "secret"
    file.write_text("hunter2-in-a-file")
    faults = faults_of(
        CAMPUS_ENV="hunter2",
        CAMPUS_DATABASE_URL="postgres://campus:hunter2@db/campus",
        CAMPUS_REDIS_URL="http://:hunter2@cache",
        CAMPUS_PUBLIC_URL="hunter2",
        CAMPUS_SECRET_KEYS_FILE=str(file),
        CAMPUS_WORKERS="hunter2",
        CAMPUS_LOG_LEVEL="hunter2",
    )
    assert len(faults) == 7
    assert "hunter2" not in str(faults)


def test_settings_that_are_printed_by_mistake_show_no_secret() -> None:
    settings = load_settings(
        {
            "CAMPUS_SECRET_KEYS": SECRET,
            "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
            "CAMPUS_DATABASE_URL": "postgresql://campus:hunter2@db.example.org/campus",
            "CAMPUS_REDIS_URL": "rediss://:hunter2@cache.example.org/0",
        }
    )
    printed = f"{settings!r} {settings}"
    assert [secret for secret in (SECRET, "PRIVATE KEY", "hunter2") if secret in printed] == []


def faults_of(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ)
    assert str(refusal.value) == "\n".join(refusal.value.faults)
    return refusal.value.faults


def signing_keys_of(variable: str) -> list[SigningKeyPair]:
    settings: Settings = load_settings({"CAMPUS_SIGNING_KEYS": variable})
    return [SigningKeyPair.from_pem(key.get_secret_value()) for key in settings.signing_keys]
