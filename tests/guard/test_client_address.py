"""Whose request it is: no header, no spelling and no missing address makes somebody new of anybody (D14, D15, D16)."""

from ipaddress import ip_address, ip_network

import pytest

from app.security.client_address import bucket_of, client_address
from app.settings import Settings
from tests.guard.crowd import LOGIN_SCREEN, at, is_limited, knock, limiting
from tests.support.engines import sqlite_only

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:aaaa::/48"), ip_network("192.0.2.250/32"))
STRANGER = "198.51.100.7"

BELIEVED = {
    "no proxy, so nothing is believed": (STRANGER, "203.0.113.9", STRANGER),
    "a stranger who names a proxy is no proxy": (STRANGER, "203.0.113.9, 10.0.0.1", STRANGER),
    "a proxy without the header is the client": ("10.0.0.1", "", "10.0.0.1"),
    "one hop": ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
    "the right-most one that is no proxy": ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
    "what stands left of it the client wrote": ("10.0.0.1", "10.0.0.9, 198.51.100.1, 203.0.113.9", "203.0.113.9"),
    "a chain of proxies": ("10.0.0.1", "203.0.113.9, 192.0.2.250, 10.3.2.1", "203.0.113.9"),
    "nobody but proxies: the farthest": ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    "spaces and tabs": ("10.0.0.1", "1.1.1.1 ,\t203.0.113.9 \t", "203.0.113.9"),
    "empty hops are rubbish": ("10.0.0.1", "203.0.113.9,,", "10.0.0.1"),
    "rubbish ends the chain at who wrote it": ("10.0.0.1", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
    "rubbish right away": ("10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
    "an obfuscated hop": ("10.0.0.1", "203.0.113.9, _hidden", "10.0.0.1"),
    "no octal numbers": ("10.0.0.1", "1.1.1.1, 0203.0.113.9", "10.0.0.1"),
    "no short forms": ("10.0.0.1", "1.1.1.1, 203.9", "10.0.0.1"),
    "digits of other scripts": ("10.0.0.1", "1.1.1.1, 203.0.113.\u0669", "10.0.0.1"),
    "a port": ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
    "brackets": ("10.0.0.1", "[2001:db8::9]", "2001:db8::9"),
    "brackets and a port": ("10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9"),
    "brackets that nobody closed": ("10.0.0.1", "[2001:db8::9", "2001:db8::9"),
    "IPv6 without brackets": ("10.0.0.1", "2001:db8::9", "2001:db8::9"),
    "an IPv6 proxy": ("2001:db8:aaaa::1", "203.0.113.9", "203.0.113.9"),
    "a proxy on a socket for both kinds": ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
    "a proxy that writes so": ("10.0.0.1", "203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
    "a zone": ("fe80::1%eth0", "203.0.113.9", "fe80::1"),
    "a thousand hops": ("10.0.0.1", "10.0.0.2, " * 1_000 + STRANGER, STRANGER),
}


@pytest.mark.parametrize(("peer", "forwarded_for", "client"), BELIEVED.values(), ids=BELIEVED)
def test_d14_a_header_is_believed_as_far_as_trusted_proxies_wrote_it(
    peer: str, forwarded_for: str, client: str
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == ip_address(client)


@pytest.mark.parametrize("peer", ["10.0.0.1", "127.0.0.1", "::1", STRANGER])
def test_d14_without_trusted_proxies_the_header_is_nobodys_word(peer: str) -> None:
    assert client_address(peer, "203.0.113.9, 10.0.0.1", ()) == ip_address(peer)


def test_d14_a_client_cannot_push_the_hop_that_counts_out_of_sight() -> None:
    """The proxy writes on the right, and it is read from there."""
    forged = ", ".join(f"203.0.113.{number % 250}" for number in range(5_000))
    assert client_address("10.0.0.1", f"{forged}, {STRANGER}", PROXIES) == ip_address(STRANGER)


ONE_CLIENT: dict[str, list[str | None]] = {
    "one address": ["192.0.2.1"],
    "an IPv4 address written as an IPv6 one": ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:C000:201", "0:0:0:0:0:ffff:c000:0201"],
    "spellings": ["2001:db8::1", "2001:DB8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8:0:0:0:0:0.0.0.1"],
    "one customer's network": ["2001:db8:1:2::", "2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff"],
    "zones": ["fe80::1", "fe80::1%eth0", "fe80::2%25wlan0"],
    "none or rubbish": [None, "", "testclient", "/run/campus.sock", "unix:", "1.2.3.4.5", "::1::", "%"],
}  # fmt: skip


@pytest.mark.parametrize("spellings", ONE_CLIENT.values(), ids=ONE_CLIENT)
def test_d15_d16_one_client_has_one_bucket(spellings: list[str | None]) -> None:
    assert len({bucket_of(client_address(spelling, "", ())) for spelling in spellings}) == 1


def test_d15_d16_different_clients_have_different_buckets() -> None:
    clients = ["192.0.2.1", "192.0.2.2", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db9:1:2::1", "::1", None]
    assert len({bucket_of(client_address(client, "", ())) for client in clients}) == len(clients)


@sqlite_only
async def test_d14_who_forges_the_header_has_one_budget(settings: Settings) -> None:
    """A new lie with each request: the fourth is refused all the same."""
    async with limiting(settings, rate_public=3) as server:
        liar = at(server, STRANGER)
        lies = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(5)]
        answers = [await liar.get(LOGIN_SCREEN, headers=lie) for lie in lies]
        assert [is_limited(answer) for answer in answers] == [False, False, False, True, True]
        assert await knock(at(server, "203.0.113.0"), 4) == 3, "nobody's budget was used but the liar's own"


@sqlite_only
async def test_d14_behind_trusted_proxies_each_client_has_a_budget(settings: Settings) -> None:
    """Lines of the header are one list; what a client writes in front of it changes nothing."""
    async with limiting(settings, rate_public=3, trusted_proxies=PROXIES) as server:
        proxy, other_proxy = at(server, "10.0.0.1"), at(server, "10.0.0.2")
        ways = [
            (proxy, [("X-Forwarded-For", STRANGER)]),
            (other_proxy, [("X-Forwarded-For", f"1.1.1.1, {STRANGER}")]),
            (proxy, [("X-Forwarded-For", "2.2.2.2"), ("x-forwarded-for", f"::ffff:{STRANGER}, 10.0.0.2")]),
            (proxy, [("X-Forwarded-For", STRANGER), ("X-Forwarded-For", "10.0.0.2")]),
            (other_proxy, [("X-Forwarded-For", f"{STRANGER}:4711")]),
        ]
        answers = [await way.get(LOGIN_SCREEN, headers=headers) for way, headers in ways]
        assert [is_limited(answer) for answer in answers] == [False, False, False, True, True]
        neighbour = await proxy.get(LOGIN_SCREEN, headers={"X-Forwarded-For": "198.51.100.8"})
        assert not is_limited(neighbour)


@sqlite_only
async def test_d14_no_other_header_says_who_it_is(settings: Settings) -> None:
    others = ["Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"]
    async with limiting(settings, rate_public=len(others), trusted_proxies=PROXIES) as server:
        proxy = at(server, "10.0.0.1")
        answers = [await proxy.get(LOGIN_SCREEN, headers={name: "203.0.113.9"}) for name in [*others, *others]]
        assert [is_limited(answer) for answer in answers] == [False] * 5 + [True] * 5


@sqlite_only
async def test_d15_d16_whoever_counts_as_one_client_has_one_budget(settings: Settings) -> None:
    async with limiting(settings, rate_public=3) as server:
        for spellings in list(ONE_CLIENT.values())[1:]:
            clients = [at(server, spellings[number % len(spellings)]) for number in range(5)]
            answers = [await client.get(LOGIN_SCREEN) for client in clients]
            assert [is_limited(answer) for answer in answers] == [False, False, False, True, True], spellings
        assert await knock(at(server, "198.51.100.99"), 1) == 1


@sqlite_only
async def test_d15_the_next_network_is_somebody_else(settings: Settings) -> None:
    async with limiting(settings, rate_public=1) as server:
        networks = [f"2001:db8:0:{number:x}::1" for number in range(20)]
        assert [await knock(at(server, network), 2) for network in networks] == [1] * 20
