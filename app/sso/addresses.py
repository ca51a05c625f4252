"""Which addresses a provider may have: an office types them, so none may lead into the operator's own network (SSRF).

https everywhere; http only to this machine, and only in development. The name is looked up here and the connection goes to the very
address that was checked, so that a name cannot mean another one a moment later. Redirects are not followed.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from app.sso.provider import ProviderDown, ProviderRefused

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class AddressRules:
    private_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Those of the operator's own where he runs a provider."""
    loopback: bool = False
    """This machine, by http too: in development."""

    def check(self, url: str) -> SplitResult:
        """The parts of a URL that may be asked, as far as its text tells.

        Raises:
            ProviderRefused
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ProviderRefused("address_unusable") from None
        if not host or port == 0 or parts.username is not None or parts.fragment or not url.isprintable():
            raise ProviderRefused("address_unusable")
        if parts.scheme != "https" and not (parts.scheme == "http" and self.loopback and _is_this_machine(host)):
            raise ProviderRefused("not_https")
        return parts

    async def resolve(self, host: str, port: int) -> str:
        """An address of the host to which a connection may go.

        Raises:
            ProviderDown: the name means nothing.
            ProviderRefused: all of its addresses are private ones.
        """
        found = await _look_up(host, port)
        for address in found:
            if self._allows(address):
                return str(address)
        raise ProviderRefused("address_not_public")

    def _allows(self, address: Address) -> bool:
        address = _unmapped(address)
        if self.loopback and address.is_loopback:
            return True
        if any(address in network for network in self.private_networks):
            return True
        return address.is_global and not address.is_multicast and not address.is_reserved


async def _look_up(host: str, port: int) -> Sequence[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ProviderDown("name_unknown") from None
    return [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]


def _unmapped(address: Address) -> Address:
    """IPv6 has many ways to write an IPv4 address: mapped, 6to4, NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address in IPv6Network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
