"""Where a request comes from: the peer, or what trusted proxies say of theirs.

A header is believed only as far as trusted proxies wrote it: X-Forwarded-For is read from the right, and the first hop that is no
trusted proxy is the client. Whatever stands left of it, the client may have written.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

NOWHERE = "unknown"
"""The bucket of all who come without an address, so that none of them escapes a limit."""
_IPV6_CUSTOMER = 64
"""Providers give a customer a /64 or more (RFC 6177): all of it counts as one address."""
_MAX_HOPS = 20
_REMEMBERED = 4_096
"""Clients ask again and again; reading an address takes as long as all else that the limits do."""


def client_address(peer: str | None, forwarded_for: str, trusted: Sequence[Network]) -> Address | None:
    """The client's address; None where there is none that can be read.

    `peer` is the other end of the connection, `forwarded_for` the whole X-Forwarded-For (its lines joined by commas).
    """
    client = _address(peer or "")
    if client is None or not forwarded_for or not is_within(client, trusted):
        return client
    for hop in reversed(forwarded_for.split(",")[-_MAX_HOPS:]):
        address = _address(_without_port(hop.strip()))
        if address is None:
            return client  # the nearest hop that can be believed
        client = address
        if not is_within(client, trusted):
            return client
    return client


@lru_cache(_REMEMBERED)
def bucket_of(address: Address | None) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 /64."""
    if address is None:
        return NOWHERE
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_CUSTOMER), strict=False))


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(_REMEMBERED)
def _address(text: str) -> Address | None:
    """One form for all spellings; an IPv4 address that is written as an IPv6 one is the IPv4 address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if address.version == 6 else address


def _without_port(hop: str) -> str:
    """Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
