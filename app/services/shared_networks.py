"""The schools' own networks, where a thousand pupils come from one address."""

import asyncio
import ipaddress
import time
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select

from app.database import Database, Statement
from app.errors import Overloaded
from app.models import DistrictNetwork
from app.security.client_address import Address, Network

FACTOR = 20
"""How many times as much an address of such a network may do, in requests that name its district (contract, section 8)."""
_FRESH_S = 1.0
_FRESH_ENOUGH_TO_REFUSE_S = 0.1
_MEANWHILE_S = 0.5
"""Of whoever has no list, or one too old, and comes while another request asks for it."""


@dataclass
class SharedNetworks:
    """Asked for by every limited request, so the list is kept for a second."""

    database: Database
    _networks: list[tuple[Network, str]] = field(default_factory=list, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)
    """When the last question was asked, whether or not the database was there to answer it."""
    _asking: "asyncio.Future[None] | None" = field(default=None, init=False)

    async def districts_at(self, address: Address | None, *, about_to_refuse: bool = False) -> set[str]:
        """The districts that registered a network around this address; a refusal rests on what was asked just now."""
        age = time.monotonic() - self._asked_at
        if self._asking:  # one request asks, and the others go on with a list that was good enough a moment ago
            if about_to_refuse or age > 2 * _FRESH_S:
                await asyncio.wait([self._asking], timeout=_MEANWHILE_S)
        elif age > (_FRESH_ENOUGH_TO_REFUSE_S if about_to_refuse else _FRESH_S):
            await self._ask()
        if not self._networks:
            return set()
        return {district for network, district in self._networks if address is not None and address in network}

    async def _ask(self) -> None:
        asking = self._asking = asyncio.get_running_loop().create_future()
        begun = time.monotonic()
        try:
            with suppress(Overloaded):  # the last answer holds; whoever needs the database meets its loss himself
                self._networks = await self._read()
            self._asked_at = begun
        finally:
            self._asking = None
            asking.set_result(None)

    async def _read(self) -> list[tuple[Network, str]]:
        async with self.database.asking() as work:
            rows = await _NETWORKS.all(work, {})
        return [(ipaddress.ip_network(row.network), row.district_id) for row in rows]


_NETWORKS = Statement(select(DistrictNetwork.network, DistrictNetwork.district_id))
