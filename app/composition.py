"""The composition root: the only place that wires parts together. The server and the commands start from here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.captcha.altcha import NAME as ALTCHA
from app.captcha.altcha import Altcha
from app.captcha.provider import CaptchaProvider
from app.clock import Clock, SystemClock
from app.database import Database
from app.mail.senders import MailSender, sender_for
from app.migrate import newest_revision
from app.push.senders import PushSender, senders_for
from app.security.access_tokens import AccessTokens
from app.security.dev_secret import dev_secret_key
from app.security.device_tokens import DeviceTokens
from app.security.digests import Digests
from app.security.hash_pool import HashPool
from app.security.mailed_tokens import MailedTokens
from app.security.passwords import PasswordHasher
from app.security.rate_windows import RateWindows, windows_for
from app.security.refresh_tokens import RefreshTokens
from app.services.account_desk import AccountDesk
from app.services.account_facts import AccountFacts
from app.services.accounts import Accounts
from app.services.activate import Activation
from app.services.activation_repeat import ActivationRepeat
from app.services.activity import Activity
from app.services.announcements import Announcements
from app.services.answers_reset import AnswersReset
from app.services.audit_trail import AuditTrail
from app.services.authenticator import Authenticator
from app.services.captchas import Captchas
from app.services.challenge_questions import AnswerHashes
from app.services.claim import Claim
from app.services.claim_completion import ClaimCompletion
from app.services.claim_tickets import ClaimTickets
from app.services.daily_quotas import DailyQuotas
from app.services.devices import Devices
from app.services.dispute import Dispute
from app.services.district_directory import DistrictDirectory
from app.services.district_office import DistrictOffice
from app.services.districts import Districts
from app.services.guard import Guard
from app.services.guess_budgets import GuessBudgets
from app.services.issued_keys import IssuedKeys
from app.services.key_batches import KeyBatches
from app.services.key_mail import KeyMail
from app.services.key_request_desk import KeyRequestDesk
from app.services.key_request_errands import KeyRequestErrands
from app.services.key_requests import KeyRequests
from app.services.keys import KeyIssue
from app.services.linking import Linking
from app.services.login import Login
from app.services.mail_delivery import MailDelivery
from app.services.mail_preparation import MailPreparation
from app.services.mailed_links import MailedLinks
from app.services.me import Me
from app.services.office_keys import OfficeKeys
from app.services.outbox_list import OutboxList
from app.services.own_answers import OwnAnswers
from app.services.own_sessions import OwnSessions
from app.services.password_reset import PasswordReset
from app.services.passwords import Passwords
from app.services.people_desk import PeopleDesk
from app.services.pruning import Pruning
from app.services.push_preparation import PushPreparation
from app.services.readiness import Readiness
from app.services.recovery_email import RecoveryEmail
from app.services.relationships import Relationships
from app.services.roster import RosterImport
from app.services.roster_uploads import RosterUploads
from app.services.second_factor import SecondFactor
from app.services.session_refresh import SessionRefresh
from app.services.sessions import Sessions
from app.services.shared_networks import SharedNetworks
from app.services.sign_in_ladder import SignInLadder
from app.services.signing_key_store import SigningKeyStore
from app.services.staff import Staff
from app.services.staff_list import StaffList
from app.services.staff_office import StaffOffice
from app.services.support_tickets import SupportTickets, TicketMails
from app.services.switching import Switching
from app.services.ticket_desk import TicketDesk
from app.services.ticket_remedies import TicketRemedies
from app.services.typed_keys import TypedKeys
from app.services.username_recovery import UsernameRecovery
from app.services.window_counts import WindowCounts
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
    captchas: Captchas
    rate_windows: RateWindows
    push_sender: PushSender
    networks: SharedNetworks
    guard: Guard
    districts: Districts
    directory: DistrictDirectory
    district_office: DistrictOffice
    announcements: Announcements
    roster_import: RosterImport
    roster_uploads: RosterUploads
    key_issue: KeyIssue
    office_keys: OfficeKeys
    key_batches: KeyBatches
    issued_keys: IssuedKeys
    activation: Activation
    key_requests: KeyRequests
    key_request_errands: KeyRequestErrands
    key_request_desk: KeyRequestDesk
    claim: Claim
    claim_completion: ClaimCompletion
    login: Login
    sessions: Sessions
    session_refresh: SessionRefresh
    own_sessions: OwnSessions
    activity: Activity
    me: Me
    linking: Linking
    switching: Switching
    devices: Devices
    accounts: Accounts
    account_desk: AccountDesk
    people_desk: PeopleDesk
    relationships: Relationships
    staff: Staff
    staff_list: StaffList
    staff_office: StaffOffice
    audit_trail: AuditTrail
    outbox_list: OutboxList
    passwords: Passwords
    authenticator: Authenticator
    password_reset: PasswordReset
    answers_reset: AnswersReset
    own_answers: OwnAnswers
    username_recovery: UsernameRecovery
    recovery_email: RecoveryEmail
    dispute: Dispute
    support_tickets: SupportTickets
    ticket_desk: TicketDesk
    ticket_remedies: TicketRemedies
    mail_delivery: MailDelivery
    pruning: Pruning
    readiness: Readiness


@asynccontextmanager
async def open_campus(
    settings: Settings,
    *,
    clock: Clock | None = None,
    mail_sender: MailSender | None = None,
    push_sender: PushSender | None = None,
) -> AsyncIterator[Campus]:
    """All parts over one database, closed at the end.

    Raises:
        ValueError: a signing key that cannot be used.
        Overloaded: in development, where the signing key lies in the database and that is gone.
    """
    clock = clock or SystemClock()
    database = Database(settings)
    hash_pool = HashPool(PasswordHasher(), threads=settings.hash_threads, queue=settings.hash_queue)
    digests = Digests(secret_keys(settings))
    altcha = Altcha(digests, clock, work=settings.captcha_work)
    captchas = Captchas(_chosen_captcha(settings, clock) or altcha, altcha)
    windows = windows_for(settings.redis_url)
    push = push_sender or senders_for(settings, clock)
    try:
        configured = [key.get_secret_value() for key in settings.signing_keys]
        signing_keys = await SigningKeyStore(database, clock, digests).load(configured)
        access_tokens = AccessTokens(signing_keys, issuer=settings.public_url, clock=clock)
        ground = _Ground(settings, clock, database, digests, hash_pool, access_tokens, captchas, windows, push)
        yield _wire(ground, mail_sender or _mail_sender(settings, clock))
    finally:
        await push.close()
        await windows.close()
        await captchas.close()
        hash_pool.close()
        await database.close()


def secret_keys(settings: Settings) -> list[str]:
    """The configured secret keys, newest first; in development without any, the one kept beside the data."""
    return [key.get_secret_value() for key in settings.secret_keys] or [dev_secret_key(settings.data_folder)]


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


@dataclass(frozen=True)
class _Ground:
    """What everything else rests on."""

    settings: Settings
    clock: Clock
    database: Database
    digests: Digests
    hash_pool: HashPool
    access_tokens: AccessTokens
    captchas: Captchas
    rate_windows: RateWindows
    push_sender: PushSender


def _wire(ground: _Ground, mail_sender: MailSender) -> Campus:
    settings, clock, database = ground.settings, ground.clock, ground.database
    digests, hash_pool = ground.digests, ground.hash_pool
    refresh_tokens, device_tokens = RefreshTokens(digests), DeviceTokens(digests)
    states = settings.linking_states
    sessions = Sessions(database, clock, ground.access_tokens, refresh_tokens, device_tokens, states)
    ladder, counts, budgets = SignInLadder(digests), WindowCounts(digests), GuessBudgets(digests)
    networks = SharedNetworks(database)
    guard = Guard(database, clock, hash_pool, device_tokens, ground.captchas, ladder, counts, budgets, networks)
    key_issue = KeyIssue(database, clock, digests)
    tokens = MailedTokens(digests)
    links = MailedLinks(database, tokens)
    claim_tickets = ClaimTickets(database, clock, tokens)
    quotas = DailyQuotas(digests)
    passwords = Passwords(database, clock, hash_pool, sessions)
    recovery_email = RecoveryEmail(database, clock, passwords, links, quotas)
    username_recovery = UsernameRecovery(database, clock, quotas)
    key_mail = KeyMail(digests, quotas)
    preparation = MailPreparation(database, clock, tokens, settings.public_url, key_mail)
    push_preparation = PushPreparation(database, clock, digests)
    typed_keys = TypedKeys(clock, digests)
    roster_import = RosterImport(database, clock, digests)
    second_factor = SecondFactor(clock, digests)
    ticket_mails = TicketMails(quotas)
    accounts = Accounts(database, clock, sessions, key_issue, ladder, budgets)
    relationships = Relationships(database, clock)
    answer_hashes = AnswerHashes(digests, hash_pool)
    activation_repeat = ActivationRepeat(database, clock, hash_pool, sessions, typed_keys, ladder)
    return Campus(
        **vars(ground),
        networks=networks,
        guard=guard,
        districts=Districts(database, clock, states),
        directory=DistrictDirectory(database, clock),
        district_office=DistrictOffice(database, clock),
        announcements=Announcements(database, clock),
        roster_import=roster_import,
        roster_uploads=RosterUploads(database, clock, roster_import),
        key_issue=key_issue,
        office_keys=OfficeKeys(database, clock, key_issue, key_mail),
        key_batches=KeyBatches(database, clock, key_issue, key_mail),
        issued_keys=IssuedKeys(database, clock),
        activation=Activation(
            database, clock, digests, hash_pool, sessions, recovery_email, typed_keys, ladder, activation_repeat
        ),
        key_requests=KeyRequests(database, clock, digests, key_issue, budgets),
        key_request_errands=KeyRequestErrands(database, clock, key_issue, key_mail, budgets),
        key_request_desk=KeyRequestDesk(database, clock),
        claim=Claim(database, clock, claim_tickets),
        claim_completion=ClaimCompletion(database, clock, claim_tickets, answer_hashes, sessions, ladder, budgets),
        login=Login(database, clock, hash_pool, sessions, username_recovery, second_factor, guard),
        sessions=sessions,
        session_refresh=SessionRefresh(database, clock, refresh_tokens, sessions),
        own_sessions=OwnSessions(database, clock, refresh_tokens, sessions),
        activity=Activity(database, digests),
        me=Me(database, states),
        linking=Linking(database, clock, digests, counts, states),
        switching=Switching(database, clock, sessions, username_recovery),
        devices=Devices(database, clock, digests, states),
        accounts=accounts,
        account_desk=AccountDesk(database, clock, AccountFacts(ladder, username_recovery)),
        people_desk=PeopleDesk(database, clock),
        relationships=relationships,
        staff=Staff(database, clock),
        staff_list=StaffList(database),
        staff_office=StaffOffice(database, clock, sessions, key_issue),
        audit_trail=AuditTrail(database, clock, digests),
        outbox_list=OutboxList(database),
        passwords=passwords,
        authenticator=Authenticator(database, clock, digests, sessions, passwords, second_factor),
        password_reset=PasswordReset(database, clock, hash_pool, sessions, links, ladder),
        answers_reset=AnswersReset(database, clock, digests, tokens, answer_hashes, budgets),
        own_answers=OwnAnswers(database, clock, passwords, answer_hashes, budgets),
        username_recovery=username_recovery,
        recovery_email=recovery_email,
        dispute=Dispute(database, clock, sessions, links),
        support_tickets=SupportTickets(database, clock, ticket_mails),
        ticket_desk=TicketDesk(database),
        ticket_remedies=TicketRemedies(database, clock, accounts, relationships, ticket_mails),
        mail_delivery=MailDelivery(
            database, clock, preparation, mail_sender, settings.mail_from, push_preparation, ground.push_sender
        ),
        pruning=Pruning(database, clock),
        readiness=Readiness(database, settings.redis_url, newest_revision()),
    )
