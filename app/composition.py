"""The composition root: the only place that wires parts together. The server and the commands start from here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.clock import Clock, SystemClock
from app.database import Database
from app.mail.senders import MailSender, sender_for
from app.migrate import newest_revision
from app.security.access_tokens import AccessTokens
from app.security.dev_secret import dev_secret_key
from app.security.device_tokens import DeviceTokens
from app.security.digests import Digests
from app.security.hash_pool import HashPool
from app.security.mailed_tokens import MailedTokens
from app.security.passwords import PasswordHasher
from app.security.refresh_tokens import RefreshTokens
from app.services.accounts import Accounts
from app.services.activate import Activation
from app.services.daily_quotas import DailyQuotas
from app.services.dispute import Dispute
from app.services.district_directory import DistrictDirectory
from app.services.district_office import DistrictOffice
from app.services.districts import Districts
from app.services.keys import KeyIssue
from app.services.login import Login
from app.services.mail_delivery import MailDelivery
from app.services.mail_preparation import MailPreparation
from app.services.mailed_links import MailedLinks
from app.services.me import Me
from app.services.own_sessions import OwnSessions
from app.services.password_reset import PasswordReset
from app.services.passwords import Passwords
from app.services.pruning import Pruning
from app.services.readiness import Readiness
from app.services.recovery_email import RecoveryEmail
from app.services.roster import RosterImport
from app.services.session_refresh import SessionRefresh
from app.services.sessions import Sessions
from app.services.signing_key_store import SigningKeyStore
from app.services.typed_keys import TypedKeys
from app.services.username_recovery import UsernameRecovery
from app.settings import Settings


@dataclass(frozen=True)
class Campus:
    """Every part of a running product, wired."""

    settings: Settings
    clock: Clock
    database: Database
    digests: Digests
    hash_pool: HashPool
    access_tokens: AccessTokens
    districts: Districts
    directory: DistrictDirectory
    district_office: DistrictOffice
    roster_import: RosterImport
    key_issue: KeyIssue
    activation: Activation
    login: Login
    sessions: Sessions
    session_refresh: SessionRefresh
    own_sessions: OwnSessions
    me: Me
    accounts: Accounts
    passwords: Passwords
    password_reset: PasswordReset
    username_recovery: UsernameRecovery
    recovery_email: RecoveryEmail
    dispute: Dispute
    mail_delivery: MailDelivery
    pruning: Pruning
    readiness: Readiness


@asynccontextmanager
async def open_campus(
    settings: Settings, *, clock: Clock | None = None, mail_sender: MailSender | None = None
) -> AsyncIterator[Campus]:
    """All parts over one database, closed at the end.

    Raises:
        ValueError: a signing key that cannot be used.
        Overloaded: in development, where the signing key lies in the database and that is gone.
    """
    clock = clock or SystemClock()
    database = Database(settings)
    hash_pool = HashPool(PasswordHasher(), threads=settings.hash_threads, queue=settings.hash_queue)
    try:
        digests = Digests(secret_keys(settings))
        configured = [key.get_secret_value() for key in settings.signing_keys]
        signing_keys = await SigningKeyStore(database, clock, digests).load(configured)
        access_tokens = AccessTokens(signing_keys, issuer=settings.public_url, clock=clock)
        sender = mail_sender or _mail_sender(settings, clock)
        yield _wire(settings, clock, database, digests, hash_pool, access_tokens, sender)
    finally:
        hash_pool.close()
        await database.close()


def secret_keys(settings: Settings) -> list[str]:
    """The configured secret keys, newest first; in development without any, the one kept beside the data."""
    return [key.get_secret_value() for key in settings.secret_keys] or [dev_secret_key(settings.data_folder)]


def _mail_sender(settings: Settings, clock: Clock) -> MailSender:
    url = settings.mail_url or f"outbox://{(settings.data_folder / 'outbox').absolute()}"
    return sender_for(url, clock, require_tls=settings.is_production)


def _wire(
    settings: Settings,
    clock: Clock,
    database: Database,
    digests: Digests,
    hash_pool: HashPool,
    access_tokens: AccessTokens,
    mail_sender: MailSender,
) -> Campus:
    refresh_tokens = RefreshTokens(digests)
    sessions = Sessions(database, clock, access_tokens, refresh_tokens, DeviceTokens(digests))
    key_issue = KeyIssue(database, clock, digests)
    tokens = MailedTokens(digests)
    links = MailedLinks(database, tokens)
    quotas = DailyQuotas(digests)
    passwords = Passwords(database, clock, hash_pool, sessions)
    recovery_email = RecoveryEmail(database, clock, passwords, links, quotas)
    username_recovery = UsernameRecovery(database, clock, quotas)
    return Campus(
        settings=settings,
        clock=clock,
        database=database,
        digests=digests,
        hash_pool=hash_pool,
        access_tokens=access_tokens,
        districts=Districts(database, clock, settings.linking_states),
        directory=DistrictDirectory(database, clock),
        district_office=DistrictOffice(database, clock),
        roster_import=RosterImport(database, clock, digests),
        key_issue=key_issue,
        activation=Activation(database, clock, digests, hash_pool, sessions, recovery_email, TypedKeys(clock, digests)),
        login=Login(database, clock, hash_pool, sessions, username_recovery),
        sessions=sessions,
        session_refresh=SessionRefresh(database, clock, refresh_tokens, sessions),
        own_sessions=OwnSessions(database, clock, refresh_tokens, sessions),
        me=Me(database),
        accounts=Accounts(database, clock, sessions, key_issue),
        passwords=passwords,
        password_reset=PasswordReset(database, clock, hash_pool, sessions, links),
        username_recovery=username_recovery,
        recovery_email=recovery_email,
        dispute=Dispute(database, clock, sessions, links),
        mail_delivery=MailDelivery(
            database,
            clock,
            MailPreparation(database, clock, tokens, settings.public_url),
            mail_sender,
            settings.mail_from,
        ),
        pruning=Pruning(database, clock),
        readiness=Readiness(database, settings.redis_url, newest_revision()),
    )
