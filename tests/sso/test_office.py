"""The office puts its providers in order, at the desk and by command; secrets go in and never come out."""

import json
from pathlib import Path

import pytest

from app.settings import Settings
from app.sso.addresses import AddressRules
from app.sso.provider import ProviderDown, ProviderRefused
from tests.sso.lying_provider import Lies, LyingProvider
from tests.sso.people import SECRET
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import faults, refused
from tests.support.processes import exported
from tests.support.shell import Shell
from tests.test_house import imported_from, imports, modules_where

PORTALS = [{"portal": "student", "claim": "sub", "identifier": "sourced_id"}]
BODY = {
    "label": "Google",
    "client_id": "campus",
    "client_secret": SECRET,
    "portals": PORTALS,
}


async def test_an_admin_adds_a_provider_and_students_have_a_button(office: Office, liar: LyingProvider) -> None:
    dana = await at_desk(office)
    put = await dana.ask("PUT", "/admin/sso/google", json={**BODY, "issuer": liar.issuer})
    assert put.json() == {
        "name": "google",
        **{name: value for name, value in BODY.items() if name != "client_secret"},
        "issuer": liar.issuer,
        "has_client_secret": True,
        "scopes": ["openid"],
        "required_claims": [],
        "makes_accounts": True,
        "trusts_mfa": False,
        "enabled": True,
        "callback_url": "https://campus.test/login/sso/jackson/google/callback",
    }
    assert (await dana.ask("GET", "/admin/sso")).json() == {"items": [put.json()]}
    checked = await dana.ask("POST", "/admin/sso/google/check")
    assert checked.json() == {"works": True, "signing_keys": 1}
    liar.lies = Lies(metadata={"issuer": "https://accounts.example.org"})
    checked = await dana.ask("POST", "/admin/sso/google/check")
    assert checked.json() == {"works": False, "fault": "other_issuer"}
    changed = await dana.ask(
        "PATCH",
        "/admin/district",
        headers={"If-Match": "*"},
        json={
            "features": {"sso": True},
            "sso": {"redirect_uris": ["https://portal.example.org/sso"]},
        },
    )
    assert changed.status_code == 200
    screen = (await dana.http.get("/districts/jackson")).json()
    assert screen["sso"] == [{"name": "google", "label": "Google", "portals": ["student"]}]
    events = (await dana.ask("GET", "/admin/audit-events?tag=office:sso_provider:added")).json()["items"]
    assert SECRET not in str(events)
    assert events[0]["data"]["provider"] == "google"
    assert (await dana.ask("DELETE", "/admin/sso/google")).status_code == 204
    assert refused(await dana.ask("DELETE", "/admin/sso/google")) == (404, "not_found")
    assert (await dana.http.get("/districts/jackson")).json()["sso"] == []


@sqlite_only
async def test_a_secret_stays_as_long_as_the_issuer_and_goes_to_no_other(office: Office, liar: LyingProvider) -> None:
    """Else whoever sits down at the desk could have it sent to himself."""
    dana = await at_desk(office)
    without = {name: value for name, value in BODY.items() if name != "client_secret"}

    async def put(**changes: object) -> bool:
        answer = await dana.ask("PUT", "/admin/sso/google", json={"issuer": liar.issuer, **without, **changes})
        return bool(answer.json()["has_client_secret"])

    assert not await put()
    assert await put(client_secret=SECRET)
    assert await put(label="Our Google")
    assert not await put(issuer="https://evil.example.org")
    assert await put(client_secret=SECRET)
    assert not await put(client_secret="")


@sqlite_only
async def test_what_cannot_be_is_refused(office: Office) -> None:
    dana = await at_desk(office)
    for issuer in (
        "http://accounts.example.org",
        "ftp://accounts.example.org",
        "https://",
        "https://user@accounts.example.org",
        "https://accounts.example.org/#a",
        "accounts.example.org",
    ):
        answer = await dana.ask("PUT", "/admin/sso/google", json={**BODY, "issuer": issuer})
        assert ("/issuer", "issuer_expected") in faults(answer), issuer
    good = {**BODY, "issuer": "https://accounts.example.org"}
    twice = await dana.ask("PUT", "/admin/sso/google", json={**good, "portals": PORTALS * 2})
    assert ("/portals", "portal_twice") in faults(twice)
    for number in range(10):
        assert (await dana.ask("PUT", f"/admin/sso/p{number}", json=good)).status_code == 200
    assert ("", "too_many") in faults(await dana.ask("PUT", "/admin/sso/google", json=good))
    assert (await dana.ask("PUT", "/admin/sso/p0", json=good)).status_code == 200


@sqlite_only
async def test_an_operator_does_the_same_by_command(
    office: Office, liar: LyingProvider, settings: Settings, tmp_path: Path
) -> None:
    shell = Shell(tmp_path, exported(settings))
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    of = ("--district", office.district)
    told = shell.campus(
        "sso", "set", "google", *of, "--issuer", liar.issuer, "--client-id", "campus", "--match", "student=sub:sourced_id",
        "--client-secret-file", "secret", "--require", "hd=jackson.example.org",
    )  # fmt: skip
    assert "https://campus.test/login/sso/jackson/google/callback" in told
    [listed] = json.loads(shell.campus("sso", "list", *of, "--json"))["items"]
    assert (listed["has_client_secret"], listed["portals"]) == (True, PORTALS)
    assert SECRET not in json.dumps(listed)
    assert "gone" in shell.campus("sso", "remove", "google", *of)
    assert shell.campus("sso", "list", *of) == ""


PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
    *("255.255.255.255", "::1", "fe80::1", "fd00::1", "::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::"),
)


async def test_no_provider_leads_into_the_operators_own_network() -> None:
    """Whatever the name is: the address that it means is looked at (SSRF)."""
    for address in PRIVATE:
        with pytest.raises(ProviderRefused, match="address_not_public"):
            await AddressRules().resolve(address, 443)


async def test_an_operator_may_allow_a_network_of_his_own() -> None:
    rules = AddressRules(Settings(sso_private_networks=("10.1.2.0/24",)).sso_private_networks)
    assert await rules.resolve("10.1.2.3", 443) == "10.1.2.3"
    assert await rules.resolve("8.8.8.8", 443) == "8.8.8.8"
    assert await AddressRules(loopback=True).resolve("localhost", 80) in {"127.0.0.1", "::1"}
    with pytest.raises(ProviderRefused):
        await rules.resolve("10.1.3.3", 443)
    with pytest.raises(ProviderRefused):
        await rules.resolve("localhost", 443)
    with pytest.raises(ProviderDown, match="name_unknown"):
        await rules.resolve("nowhere.invalid", 443)


def test_in_production_this_machine_is_nobodys_provider() -> None:
    for url in ("http://127.0.0.1:9400", "http://localhost:9400"):
        AddressRules(loopback=True).check(url)
        with pytest.raises(ProviderRefused, match="not_https"):
            AddressRules().check(url)


def test_the_protocol_is_loaded_by_nothing_but_its_first_use() -> None:
    """Its libraries take as long to import as half of the house."""
    heavy = {"authlib", "joserfc"}
    of_protocol = {path for path in modules_where(lambda tree: bool(imports(tree) & heavy)) if path.startswith("sso/")}
    assert of_protocol == modules_where(lambda tree: bool(imports(tree) & heavy))
    names = {f"app.{path.removesuffix('.py').replace('/', '.')}" for path in of_protocol} | {"app.sso.asking"}
    users = modules_where(lambda tree: bool(imported_from(tree) & names))
    assert {path for path in users if not path.startswith("sso/")} == set()
