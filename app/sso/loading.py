"""The protocol, loaded when somebody first signs in by a provider: its libraries take as long to import as half of the house."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from app.clock import Clock
from app.sso.addresses import AddressRules
from app.sso.provider import Attempt, Health, Provider, Providers, Return


class ProvidersWhenNeeded:
    def __init__(self, rules: AddressRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock

    async def sign_in_url(self, provider: Provider, attempt: Attempt, prompt: str | None) -> str:
        return await self._loaded.sign_in_url(provider, attempt, prompt)

    async def claims(
        self, provider: Provider, attempt: Attempt, came_back: Return, wanted: frozenset[str]
    ) -> Mapping[str, Any]:
        return await self._loaded.claims(provider, attempt, came_back, wanted)

    async def examine(self, provider: Provider) -> Health:
        return await self._loaded.examine(provider)

    async def close(self) -> None:
        if "_loaded" in self.__dict__:
            await self._loaded.close()

    @cached_property
    def _loaded(self) -> Providers:
        from app.sso.asking import Asking  # noqa: PLC0415  # Authlib and httpx, which most districts never need
        from app.sso.relying_party import RelyingParty  # noqa: PLC0415  # the same

        return RelyingParty(Asking(self._rules, self._clock), self._clock)
