"""What a provider says of itself (OpenID Connect Discovery 1.0), and the keys that it signs with; both remembered for an hour."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.discovery import get_well_known_url

from app.clock import Clock
from app.sso.asking import Asking
from app.sso.provider import ProviderDown, ProviderRefused

REMEMBERED = timedelta(hours=1)
STALE_FOR = timedelta(hours=24)
"""While a provider's description cannot be had, the last one counts so long: its sign-in page may work all the same."""
KEYS_AGAIN_AFTER = timedelta(seconds=30)
"""A token with an unknown key has the keys fetched anew, but not more often."""
OK = 200


@dataclass(frozen=True)
class Metadata:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    token_auth_methods: Sequence[str]
    says_who_it_is: bool
    """RFC 9207: every answer of its sign-in page names the issuer."""


@dataclass
class _Known:
    """What is remembered of one issuer."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    metadata: Metadata | None = None
    read_at: datetime | None = None
    keys: Sequence[Mapping[str, Any]] = ()
    keys_read_at: datetime | None = None
    keys_renewed_at: datetime | None = None


class ProviderFacts:
    def __init__(self, asking: Asking, clock: Clock) -> None:
        self._asking = asking
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def metadata(self, issuer: str, *, anew: bool = False) -> Metadata:
        """Raises ProviderFault."""
        known = self._known.setdefault(issuer, _Known())
        async with known.lock:
            if known.metadata and not anew and self._is_fresh(known.read_at, REMEMBERED):
                return known.metadata
            try:
                known.metadata = await self._read(issuer)
            except ProviderDown:
                if known.metadata and not anew and self._is_fresh(known.read_at, STALE_FOR):
                    return known.metadata
                raise
            known.read_at = self._clock.now()
            return known.metadata

    async def keys(self, issuer: str, metadata: Metadata, *, anew: bool = False) -> Sequence[Mapping[str, Any]]:
        """The keys that the provider publishes (JWK). `anew`: a token names one that is not among them.

        Raises:
            ProviderFault
        """
        known = self._known.setdefault(issuer, _Known())
        async with known.lock:
            renewed = self._is_fresh(known.keys_renewed_at, KEYS_AGAIN_AFTER)
            if self._is_fresh(known.keys_read_at, REMEMBERED) and (renewed or not anew):
                return known.keys
            status, answer = await self._asking.ask(issuer, "GET", metadata.jwks_uri)
            keys = answer.get("keys")
            if status != OK or not isinstance(keys, list):
                raise ProviderDown("keys_unreadable")
            now = self._clock.now()
            known.keys, known.keys_read_at = [key for key in keys if isinstance(key, dict)], now
            known.keys_renewed_at = now if anew else known.keys_renewed_at
            return known.keys

    async def _read(self, issuer: str) -> Metadata:
        status, said = await self._asking.ask(issuer, "GET", get_well_known_url(issuer, external=True))
        if status != OK:
            raise ProviderDown(f"answered_{status}")
        if said.get("issuer") != issuer:
            raise ProviderRefused("other_issuer")
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Metadata(
            authorization_endpoint=self._address(said, "authorization_endpoint"),
            token_endpoint=self._address(said, "token_endpoint"),
            jwks_uri=self._address(said, "jwks_uri"),
            userinfo_endpoint=self._address(said, "userinfo_endpoint") if "userinfo_endpoint" in said else None,
            token_auth_methods=[str(method) for method in methods] if isinstance(methods, list) else [],
            says_who_it_is=said.get("authorization_response_iss_parameter_supported") is True,
        )

    def _address(self, said: Mapping[str, Any], name: str) -> str:
        url = said.get(name)
        if not isinstance(url, str):
            raise ProviderDown(f"no_{name}")
        self._asking.rules.check(url)
        return url

    def _is_fresh(self, since: datetime | None, lasts: timedelta) -> bool:
        return since is not None and self._clock.now() - since < lasts
