"""The schools' own networks, where a thousand pupils come from one address."""

import ipaddress
import time
from dataclasses import dataclass, field

from sqlalchemy import select

from app.database import Database
from app.errors import Overloaded
from app.models import DistrictNetwork
from app.security.client_address import Address, Network

FACTOR = 20
"""How many times as much an address of such a network may do, in requests that name its district (contract, section 8)."""
_FRESH_S = 1.0
_FRESH_ENOUGH_TO_REFUSE_S = 0.1


@dataclass
class SharedNetworks:
    """Asked for by every limited request, so the list is kept for a second."""

    database: Database
    _networks: list[tuple[Network, str]] = field(default_factory=list, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)

    async def districts_at(self, address: Address | None, *, about_to_refuse: bool = False) -> set[str]:
        """The districts that registered a network around this address; a refusal rests on what was asked just now."""
        age = time.monotonic() - self._asked_at
        if age > (_FRESH_ENOUGH_TO_REFUSE_S if about_to_refuse else _FRESH_S):
            await self._ask()
        if not self._networks:
            return set()
        return {district for network, district in self._networks if address is not None and address in network}

    async def _ask(self) -> None:
        self._asked_at = time.monotonic()  # before the question, so that one request asks and the others go on
        try:
            async with self.database.reading() as connection:
                rows = (await connection.execute(select(DistrictNetwork.network, DistrictNetwork.district_id))).all()
        except Overloaded:
            return  # the last answer holds; whoever needs the database meets its loss himself
        self._networks = [(ipaddress.ip_network(row.network), row.district_id) for row in rows]
