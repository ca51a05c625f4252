"""An operator replaces the secret key."""

from dataclasses import replace

from tests.cli.conftest import SECRET_KEY
from tests.cli.grand_bend import GrandBend
from tests.support.shell import Shell

NEW_KEY = "a-key-for-commands-that-comes-after-it-0123456789"


def listing(shell: Shell, *keys: str) -> Shell:
    return replace(shell, variables={**shell.variables, "CAMPUS_SECRET_KEYS": ",".join(keys)})


def test_a_key_is_replaced_and_everything_is_said(any_shell: Shell) -> None:
    office = GrandBend(any_shell)
    office.open()
    office.import_roster()
    printed = len(office.issue_keys("keys.csv"))
    both = listing(any_shell, NEW_KEY, SECRET_KEY)
    newest, older = both.json("secrets", "status")["keys"]
    assert (newest["standing"], older["standing"], older["wants_reseal"], older["may_go"]) == (
        "newest",
        "older",
        True,
        False,
    )
    assert {each["what"]: each["count"] for each in older["hanging"]}["activation_keys"] == printed
    assert "run `campus secrets reseal` before" in both.campus("secrets", "status")
    said = both.campus("secrets", "reseal")
    assert said.startswith("Resealed: 0 of totp_factors, 0 of push_devices, 1 of signing_keys, 0 of sso_providers;")
    assert "may be taken out of the list now; nobody will notice" in said
    assert both.json("secrets", "reseal")["resealed"]["signing_keys"] == 0
    assert f"{older['key']} is listed" in both.refused("secrets", "forget", older["key"])[1]
    assert SECRET_KEY not in said

    alone = listing(any_shell, NEW_KEY)
    standing = {each["key"]: each["standing"] for each in alone.json("secrets", "status")["keys"]}
    assert standing == {newest["key"]: "newest", older["key"]: "kept"}
    assert alone.json("audit", "verify")["ok"] is True
    assert alone.json("secrets", "forget", older["key"]) == {"forgotten": older["key"]}
    assert "nothing is kept of a key" in alone.refused("secrets", "forget", older["key"])[1]
    assert "neither listed nor kept" in alone.campus("secrets", "status")
