"""An operator replaces the key that signs access tokens, in three steps; and does none of them too early."""

import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clock import rfc3339
from app.security.signing_keys import SigningKeyPair
from app.settings import load_settings
from tests.support.shell import Shell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "signing-keys"


@pytest.fixture
def operator(tmp_path: Path, file: Path) -> Shell:
    return Shell(tmp_path, {"CAMPUS_SIGNING_KEYS_FILE": str(file)})


def standings(report: Any) -> list[str]:
    return [key["standing"] for key in report["keys"]]


def later(file: Path, minutes: int) -> None:
    """As if what was noted had been noted so long before."""

    def earlier(noted: re.Match[str]) -> str:
        return rfc3339(datetime.fromisoformat(noted[0]) - timedelta(minutes=minutes))

    file.write_text(re.sub(r"\d{4}-\S+Z", earlier, file.read_text()))


def kids(file: Path) -> list[str]:
    """Of the keys that a server finds in it, the first of which signs."""
    keys = load_settings({"CAMPUS_SIGNING_KEYS_FILE": str(file)}).signing_keys
    return [SigningKeyPair.from_pem(key.get_secret_value()).kid for key in keys]


def test_a_key_is_replaced_in_three_steps(operator: Shell, file: Path) -> None:
    said = operator.campus("signing-keys", "new")
    assert "signs since" in said
    assert said.endswith("Start every process again: it signs.\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (old,) = kids(file)

    report = operator.json("signing-keys", "new")
    assert (standings(report), kids(file)) == (["signs", "next"], [old, report["keys"][1]["kid"]])
    new = kids(file)[1]
    assert f"{new} stands behind the first" in operator.refused("signing-keys", "new")[1]
    assert f"others may keep the public keys without {new} until 20" in operator.refused("signing-keys", "promote")[1]
    assert "no key has signed and does so no longer" in operator.refused("signing-keys", "drop")[1]
    later(file, 5)
    assert f"{new}  0 days old  on its way in: `campus signing-keys promote` now" in operator.campus(
        "signing-keys", "status"
    )

    assert "`campus signing-keys drop`" in operator.campus("signing-keys", "promote")
    assert kids(file) == [new, old]
    assert f"tokens of {old} may be good until 20" in operator.refused("signing-keys", "drop")[1]
    later(file, 10)
    report = operator.json("signing-keys", "status")
    assert (standings(report), report["keys"][1]["may_go"]) == (["signs", "former"], True)

    assert standings(operator.json("signing-keys", "drop")) == ["signs"]
    assert kids(file) == [new]
    assert "PRIVATE" not in said + operator.campus("signing-keys", "status")


def test_a_list_made_by_hand_is_as_old_as_its_file(operator: Shell, file: Path) -> None:
    """And keeps its keys as they were written, and its rights."""
    pems = [SigningKeyPair.generate().private_pem for _ in range(2)]
    file.write_text("".join(pems))
    file.chmod(0o440)
    assert standings(operator.json("signing-keys", "status")) == ["signs", "behind"]
    for step in ("promote", "drop"):
        assert operator.refused("signing-keys", step)[0] == 1
    an_hour_ago = datetime.now(UTC).timestamp() - 3600
    os.utime(file, (an_hour_ago, an_hour_ago))
    assert standings(operator.json("signing-keys", "promote")) == ["signs", "former"]
    assert [pem in file.read_text() for pem in pems] == [True, True]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert standings(operator.json("signing-keys", "drop", "--anyway")) == ["signs"]


def test_who_keeps_the_list_elsewhere_gets_it_printed(operator: Shell, file: Path) -> None:
    printed = operator.campus("signing-keys", "new", "--print")
    assert not file.exists()
    elsewhere = Shell(operator.folder, {"CAMPUS_SIGNING_KEYS": printed})
    assert "no file is named by CAMPUS_SIGNING_KEYS_FILE" in elsewhere.refused("signing-keys", "new")[1]
    both = elsewhere.campus("signing-keys", "new", "--print")
    assert both.startswith(printed.strip())
    file.write_text(both)
    assert len(kids(file)) == 2
    elsewhere = Shell(operator.folder, {"CAMPUS_SIGNING_KEYS": both.replace("\n", "\\n")})
    assert standings(elsewhere.json("signing-keys", "status")) == ["signs", "next"]


def test_without_keys_nothing_is_replaced(tmp_path: Path, operator: Shell, file: Path) -> None:
    developer = Shell(tmp_path)
    assert developer.campus("signing-keys", "status").startswith("No signing keys are configured")
    assert developer.refused("signing-keys", "promote")[0] == 1
    file.write_text("these are no keys")
    assert "holds no key in PEM" in operator.refused("signing-keys", "status")[1]
    file.write_text(SigningKeyPair.generate().private_pem.replace("MIG", "ABC"))
    assert "holds something else" in operator.refused("signing-keys", "status")[1]
