"""No secret is compared by `==`, which ends at the first difference and so tells how much of a guess was right."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.documents.blocks import ROOT

SECRET = re.compile(
    r"(^|_)(digest|mac|hash|token|secret|password|code|nonce|verifier|challenge|signature|otp|pin|state)s?$"
)
NOT_SECRET = re.compile(r"^(status_code|sqlite_errorcode|error_code)$")
HARMLESS = {
    "app/push/apns.py: self._token == refused": "both are ours: is the token that was refused still the one in use?",
    "app/push/service_account.py: self._token == refused": "the same",
    "app/routers/problems.py: slug(kind.code) == problem": "codes of refusals, which everybody may read",
    "app/schemas/recovery_email.py: (self.token is None) == (self.code is None)": "which of two was sent",
    "app/services/audit_sealing.py: head.digest == seal_digest(head)": "no secret: SHA-256 of what stands in the trail",
    "app/services/audit_sealing.py: head.mac != mac_of(self.digests, head.digest)": "both are ours; a seal that differs is verified under every key",
    "app/services/audit_verification.py: event_digest(row) != row.digest": "no secret: SHA-256 of what stands in the trail",
    "app/services/audit_verification.py: events_digest(listed[seal.number]) != seal.events_digest": "the same",
    "app/services/audit_verification.py: seal.digest != seal_digest(seal)": "the same",
    "app/services/credential_policy.py: canonical(password) != canonical(password_confirm)": "one person has typed both, just now",
    "app/services/credential_policy.py: fold(password) == word": "words that no password may be: the username, and lists",
    "app/services/kept_keys.py: self.digests.sealed_by(row.sealed_keys) != newest": "names of keys, which the doctor prints",
    "app/services/office/account_import.py: stored == (row.password_hash, row.recovery_email)": "an operator's file, against what it brought before",
    "app/services/office/district_office.py: before == (name, state, timezone, True, district.city)": "a state of the country",
    "app/services/office/sso_desk.py: secret == before": "an admin sets it, and whoever compares has replaced it",
    "app/services/roster/persons.py: digest == new_digest": "keyed digests, of this roster and the one before",
}
"""Comparison: why it tells nobody anything."""


def test_whatever_is_compared_by_its_letters_is_no_secret() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {each}"
        for path in (ROOT / "app").rglob("*.py")
        for each in compared(path.read_text(encoding="utf-8"))
    }
    assert sorted(found) == sorted(HARMLESS)


@pytest.mark.parametrize(
    "line",
    ["typed == row.code", "digest(typed) != stored", "(flow.state, 1) == (given, 1)", "given == self._mac(key)"],
)
def test_a_secret_that_is_would_be_found(line: str) -> None:
    """Whichever side it stands on, alone, made on the spot or among others."""
    assert list(compared(line)) == [line]


def compared(code: str) -> Iterator[str]:
    """Comparisons (`==`, `!=`) in which something has the name of a secret. What the database compares, it finds by an index."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq) and is_about_secrets(node):
            yield ast.unparse(node)


def is_about_secrets(comparison: ast.Compare) -> bool:
    operands = [comparison.left, *comparison.comparators]
    if any(is_constant(each) or is_column(each) for each in operands):
        return False
    return any(SECRET.search(name) and not NOT_SECRET.search(name) for each in operands for name in names_in(each))


def is_constant(node: ast.expr) -> bool:
    """A word or a number of the code; or a length, or a name in capitals."""
    match node:
        case ast.Constant() | ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return False


def is_column(node: ast.expr) -> bool:
    """`Account.password_hash`, `_COUNTS.c.digest`: the database compares."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner)):
            return owner[0].isupper()
        case ast.Attribute(value=ast.Attribute(attr="c")):
            return True
    return False


def names_in(node: ast.expr) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name | ast.Attribute):
            yield each.id if isinstance(each, ast.Name) else each.attr
