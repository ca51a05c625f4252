"""Providers on sockets of their own, keys that are made for this run, and senders that talk to them."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.clock import ManualClock, SystemClock
from app.push.apns import ApnsKey, ApnsSender
from app.push.fcm import FcmSender
from app.push.service_account import ServiceAccount
from tests.mail.smtp_server import Certificate, certificate
from tests.push.apns_server import KEY_ID, TEAM_ID, TOPIC, ApnsServer
from tests.push.fcm_server import FcmServer
from tests.push.listener import HOST


@dataclass(frozen=True)
class KeyPair:
    private_pem: str
    public_pem: str


@pytest.fixture(scope="session")
def google_key() -> KeyPair:
    return key_pair(rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="session")
def apple_key() -> KeyPair:
    return key_pair(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "apns.pem", HOST, SystemClock().now())


@pytest.fixture
async def google(google_key: KeyPair, clock: ManualClock) -> AsyncIterator[FcmServer]:
    async with FcmServer(google_key.public_pem, clock).opened() as server:
        yield server


@pytest.fixture
async def fcm(google: FcmServer, google_key: KeyPair, clock: ManualClock) -> AsyncIterator[FcmSender]:
    account = ServiceAccount.from_json(google.credentials(google_key.private_pem))
    sender = FcmSender(account, clock, url=google.url, verify=quick_tls())
    yield sender
    await sender.close()


@pytest.fixture
async def apple(apple_key: KeyPair, tls: Certificate, clock: ManualClock) -> AsyncIterator[ApnsServer]:
    context = tls.of_server()
    context.set_alpn_protocols(["h2"])
    async with ApnsServer(apple_key.public_pem, clock).opened(context) as server:
        yield server


@pytest.fixture
def apns_key(apple_key: KeyPair) -> ApnsKey:
    return ApnsKey.from_pem(apple_key.private_pem, key_id=KEY_ID, team_id=TEAM_ID)


@pytest.fixture
async def apns(apple: ApnsServer, apns_key: ApnsKey, tls: Certificate, clock: ManualClock) -> AsyncIterator[ApnsSender]:
    sender = ApnsSender(apns_key, TOPIC, clock, url=apple.url, verify=tls.trusted())
    yield sender
    await sender.close()


def quick_tls() -> ssl.SSLContext:
    """For senders that meet no TLS: they need not read all of the world's certificates for each test."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def key_pair(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> KeyPair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())
