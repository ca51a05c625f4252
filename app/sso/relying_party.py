"""The code flow of OpenID Connect with PKCE, as the party that relies on the provider. Authlib writes the requests."""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.clock import Clock
from app.sso.asking import Asking, Json
from app.sso.id_token import Jwk, header_of, key_for, proved_claims
from app.sso.metadata import OK, Metadata, ProviderFacts
from app.sso.provider import Attempt, Health, Provider, ProviderDown, ProviderRefused, Return

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class RelyingParty:
    def __init__(self, asking: Asking, clock: Clock) -> None:
        self._asking = asking
        self._clock = clock
        self._facts = ProviderFacts(asking, clock)

    async def sign_in_url(self, provider: Provider, attempt: Attempt, prompt: str | None) -> str:
        metadata = await self._facts.metadata(provider.issuer)
        url: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            provider.client_id,
            "code",
            redirect_uri=provider.callback_url,
            scope=list(provider.scopes),
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            prompt=prompt,
        )
        return url

    async def claims(
        self, provider: Provider, attempt: Attempt, came_back: Return, wanted: frozenset[str]
    ) -> Mapping[str, Any]:
        metadata = await self._facts.metadata(provider.issuer)
        _check_sender(provider, metadata, came_back)
        tokens = await self._redeem(provider, metadata, attempt, came_back.code)
        token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(token, str):
            raise ProviderRefused("no_id_token")
        access_token = access_token if isinstance(access_token, str) else None
        header = header_of(token)
        key = key_for(header, await self._facts.keys(provider.issuer, metadata))
        key = key or key_for(header, await self._facts.keys(provider.issuer, metadata, anew=True))
        if key is None:
            raise ProviderRefused("key_unknown")
        claims = proved_claims(token, header, key, provider, attempt, access_token, self._clock.now())
        if wanted <= set(claims) or access_token is None or metadata.userinfo_endpoint is None:
            return claims
        more = await self._user_info(provider, metadata.userinfo_endpoint, access_token, claims["sub"])
        return {**more, **claims}

    async def examine(self, provider: Provider) -> Health:
        metadata = await self._facts.metadata(provider.issuer, anew=True)
        keys = await self._facts.keys(provider.issuer, metadata, anew=True)
        return Health(metadata.authorization_endpoint, sum(_can_sign(key) for key in keys))

    async def close(self) -> None:
        await self._asking.close()

    async def _redeem(self, provider: Provider, metadata: Metadata, attempt: Attempt, code: str) -> Json:
        """RFC 6749, section 4.1.3, with the verifier of RFC 7636."""
        body = prepare_token_request(
            "authorization_code", redirect_uri=provider.callback_url, code=code, code_verifier=attempt.verifier
        )
        method = _auth_method(provider, metadata)
        auth = ClientAuth(provider.client_id, provider.client_secret, method)
        url, headers, body = auth.prepare("POST", metadata.token_endpoint, dict(_FORM), body)
        status, answer = await self._asking.ask(provider.issuer, "POST", url, headers=headers, content=body)
        if status != OK:
            raise ProviderRefused(f"token_endpoint_{_word(answer.get('error'))}")
        return answer

    async def _user_info(self, provider: Provider, url: str, access_token: str, subject: str) -> Json:
        """For providers that keep claims out of their ID tokens. It must speak of the same person (Core 1.0, section 5.3.2)."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        status, answer = await self._asking.ask(provider.issuer, "GET", url, headers=headers)
        if status != OK:
            raise ProviderDown(f"userinfo_answered_{status}")
        if answer.get("sub") != subject:
            raise ProviderRefused("userinfo_of_another")
        return answer


def _check_sender(provider: Provider, metadata: Metadata, came_back: Return) -> None:
    """RFC 9207: else the answer of one provider could be taken to another (mix-up)."""
    if came_back.issuer is None and metadata.says_who_it_is:
        raise ProviderRefused("issuer_missing")
    if came_back.issuer is not None and came_back.issuer != provider.issuer:
        raise ProviderRefused("other_issuer")


def _auth_method(provider: Provider, metadata: Metadata) -> str:
    if provider.client_secret is None:
        return "none"
    offered = metadata.token_auth_methods
    only_by_form = "client_secret_post" in offered and "client_secret_basic" not in offered
    return "client_secret_post" if only_by_form else "client_secret_basic"


def _can_sign(key: Jwk) -> bool:
    return key.get("kty") in {"RSA", "EC"} and key.get("use") in {None, "sig"}


def _word(error: object) -> str:
    """An error code of RFC 6749; a text of any other kind stays out of logs and trail."""
    is_code = isinstance(error, str) and error.isascii() and error.replace("_", "").isalpha()
    return str(error)[:40] if is_code else "refused"
