"""What everything else rests on: the database, keys, hashes, counters, and the ways out of the house."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from app.captcha.altcha import NAME as ALTCHA
from app.captcha.altcha import Altcha
from app.captcha.provider import CaptchaProvider
from app.clock import Clock
from app.database import Database
from app.letters.press import LetterPress
from app.mail.senders import MailSender, sender_for
from app.push.senders import PushSender, senders_for
from app.security.access_tokens import AccessTokens
from app.security.dev_secret import dev_secret_key
from app.security.digests import Digests
from app.security.hash_pool import HashPool
from app.security.hash_process import HashProcess
from app.security.hashing import ComputesHashes
from app.security.rate_windows import RateWindows, windows_for
from app.services.captchas import Captchas
from app.services.kept_keys import KeptKeyStore
from app.services.signing_key_store import SigningKeyStore
from app.settings import Settings
from app.sso.addresses import AddressRules
from app.sso.loading import ProvidersWhenNeeded
from app.sso.provider import Providers


@dataclass(frozen=True)
class Ground:
    """What everything else rests on."""

    settings: Settings
    clock: Clock
    database: Database
    digests: Digests
    hash_pool: HashPool
    access_tokens: AccessTokens
    captchas: Captchas
    rate_windows: RateWindows
    mail_sender: MailSender
    push_sender: PushSender
    letter_press: LetterPress
    address_rules: AddressRules
    providers: Providers


@asynccontextmanager
async def open_ground(
    settings: Settings,
    clock: Clock,
    mail_sender: MailSender | None,
    push_sender: PushSender | None,
    letter_press: LetterPress | None,
) -> AsyncIterator[Ground]:
    """Closed at the end; raises like `open_campus`."""
    database = Database(settings)
    hash_pool = HashPool(_hash_computer(settings), queue=settings.hash_queue)
    digests = Digests(secret_keys(settings))
    altcha = Altcha(digests, clock, work=settings.captcha_work)
    captchas = Captchas(_chosen_captcha(settings, clock) or altcha, altcha)
    windows = windows_for(settings.redis_url)
    push = push_sender or senders_for(settings, clock)
    rules = AddressRules(settings.sso_private_networks, loopback=not settings.is_production)
    providers = ProvidersWhenNeeded(rules, clock)
    try:
        configured = [key.get_secret_value() for key in settings.signing_keys]
        signing_keys = await SigningKeyStore(database, clock, digests).load(configured)
        async with _with_kept_keys(KeptKeyStore(database, clock, digests)):
            yield Ground(
                settings=settings,
                clock=clock,
                database=database,
                digests=digests,
                hash_pool=hash_pool,
                access_tokens=AccessTokens(signing_keys, issuer=settings.public_url, clock=clock),
                captchas=captchas,
                rate_windows=windows,
                mail_sender=mail_sender or _mail_sender(settings, clock),
                push_sender=push,
                letter_press=letter_press or LetterPress(),
                address_rules=rules,
                providers=providers,
            )
    finally:
        await providers.close()
        await push.close()
        await windows.close()
        await captchas.close()
        await hash_pool.close()
        await database.close()


@asynccontextmanager
async def _with_kept_keys(store: KeptKeyStore) -> AsyncIterator[None]:
    """A server that starts while its database is gone reads them as soon as it is back."""
    if await store.load():
        yield
        return
    store.digests.kept = None
    task = asyncio.create_task(store.load_in_the_end())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def secret_keys(settings: Settings) -> list[str]:
    """The configured secret keys, newest first; in development without any, the one kept beside the data."""
    return [key.get_secret_value() for key in settings.secret_keys] or [dev_secret_key(settings.data_folder)]


def _hash_computer(settings: Settings) -> ComputesHashes:
    """In production a process of its own; in development, and in the tests that open a thousand services, threads."""
    if settings.is_production:
        return HashProcess(settings.hash_threads)
    from app.security.hash_threads import HashThreads  # noqa: PLC0415  # the libraries, for which a server in production has no use
    from app.security.passwords import PasswordHasher  # noqa: PLC0415  # the same

    return HashThreads(PasswordHasher(), settings.hash_threads)


def _mail_sender(settings: Settings, clock: Clock) -> MailSender:
    url = settings.mail_url or f"outbox://{(settings.data_folder / 'outbox').absolute()}"
    return sender_for(url, clock, require_tls=settings.is_production)


def _chosen_captcha(settings: Settings, clock: Clock) -> CaptchaProvider | None:
    """The hosted provider that the operator chose, if any."""
    if settings.captcha_provider == ALTCHA or settings.captcha_secret is None:
        return None
    from app.captcha.hosted import HostedCaptcha  # noqa: PLC0415  # its HTTP client is slow to import, and few need it

    return HostedCaptcha.of(
        settings.captcha_provider,
        site_key=settings.captcha_site_key or "",
        secret=settings.captcha_secret.get_secret_value(),
        verify_url=settings.captcha_verify_url,
        clock=clock,
    )
