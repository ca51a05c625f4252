"""A running service that is reached by https, a real provider, and a district."""

from collections.abc import AsyncIterator, Iterator

import pytest
from joserfc.jwk import RSAKey

from app.clock import ManualClock, SystemClock
from app.settings import Settings
from tests.sso.lying_provider import LyingProvider, lying_provider, rsa
from tests.sso.people import PUBLIC_URL, Browser, name_in_roster, with_sso
from tests.sso.real_provider import RealProvider, real_provider
from tests.support.office import Office
from tests.support.portal import Server, serving


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    with real_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": PUBLIC_URL})


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    async with serving(settings, clock) as server:
        yield server


@pytest.fixture
async def live_server(settings: Settings) -> AsyncIterator[Server]:
    """By the clock of this machine, as a provider in a process of its own has no other."""
    async with serving(settings, SystemClock()) as server:
        yield server


@pytest.fixture
async def office(server: Server) -> Office:
    return await Office.open(server)


@pytest.fixture(scope="session")
def key() -> RSAKey:
    """Made once, as it takes a while."""
    return rsa("first")


@pytest.fixture(scope="session")
def other_key() -> RSAKey:
    return rsa("second")


@pytest.fixture
async def liar(clock: ManualClock, key: RSAKey) -> AsyncIterator[LyingProvider]:
    async with lying_provider(clock, key) as provider:
        yield provider


@pytest.fixture
async def ben(office: Office, liar: LyingProvider) -> Browser:
    """A student in his browser, whose district has the provider."""
    await with_sso(office, liar.issuer)
    person = await office.student("Ben Lopez", number="0123456")
    await name_in_roster(office, person, sourced_id="sis-ben")
    return Browser(office.server, office.district, person=person)
