"""Parts that several rooms of the house use."""

from dataclasses import dataclass

from app.app_releases import android_origins
from app.composition.ground import Ground
from app.security.device_tokens import DeviceTokens
from app.security.mailed_tokens import MailedTokens
from app.security.passkey_challenges import PasskeyChallenges
from app.security.refresh_tokens import RefreshTokens
from app.services.challenge_questions import AnswerHashes
from app.services.daily_quotas import DailyQuotas
from app.services.erasure import Erasure
from app.services.guess_budgets import GuessBudgets
from app.services.key_mail import KeyMail
from app.services.keys import KeyIssue
from app.services.mailed_links import MailedLinks
from app.services.passkey_ceremony import PasskeyCeremony
from app.services.passwords import Passwords
from app.services.recovery_email import RecoveryEmail
from app.services.second_factor import SecondFactor
from app.services.sessions import Sessions
from app.services.sign_in_ladder import SignInLadder
from app.services.sso.providers import DistrictProviders
from app.services.support_tickets import TicketMails
from app.services.typed_keys import TypedKeys
from app.services.username_recovery import UsernameRecovery
from app.services.window_counts import WindowCounts


@dataclass(frozen=True)
class Tools:
    """Parts that several rooms of the house use, and nobody else."""

    sessions: Sessions
    refresh_tokens: RefreshTokens
    ladder: SignInLadder
    counts: WindowCounts
    budgets: GuessBudgets
    erasure: Erasure
    quotas: DailyQuotas
    mailed_tokens: MailedTokens
    links: MailedLinks
    passwords: Passwords
    second_factor: SecondFactor
    passkeys: PasskeyCeremony
    answer_hashes: AnswerHashes
    username_recovery: UsernameRecovery
    recovery_email: RecoveryEmail
    typed_keys: TypedKeys
    key_issue: KeyIssue
    key_mail: KeyMail
    ticket_mails: TicketMails
    device_tokens: DeviceTokens
    sso_providers: DistrictProviders


def wire_tools(ground: Ground) -> Tools:
    database, clock, digests = ground.database, ground.clock, ground.digests
    refresh_tokens, device_tokens, mailed_tokens = RefreshTokens(digests), DeviceTokens(digests), MailedTokens(digests)
    states = ground.settings.linking_states
    sessions = Sessions(database, clock, ground.access_tokens, refresh_tokens, device_tokens, states)
    passwords = Passwords(database, clock, ground.hash_pool, sessions)
    links, quotas = MailedLinks(database, mailed_tokens), DailyQuotas(digests)
    ladder, budgets = SignInLadder(digests), GuessBudgets(digests)
    return Tools(
        sessions=sessions,
        refresh_tokens=refresh_tokens,
        ladder=ladder,
        counts=WindowCounts(digests),
        budgets=budgets,
        erasure=Erasure(database, clock, ladder, budgets),
        quotas=quotas,
        mailed_tokens=mailed_tokens,
        links=links,
        passwords=passwords,
        second_factor=SecondFactor(clock, digests),
        passkeys=_passkeys(ground),
        answer_hashes=AnswerHashes(digests, ground.hash_pool),
        username_recovery=UsernameRecovery(database, clock, quotas),
        recovery_email=RecoveryEmail(database, clock, passwords, links, quotas),
        typed_keys=TypedKeys(clock, digests),
        key_issue=KeyIssue(database, clock, digests),
        key_mail=KeyMail(digests, quotas),
        ticket_mails=TicketMails(quotas),
        device_tokens=device_tokens,
        sso_providers=DistrictProviders(digests, ground.settings.public_url),
    )


def _passkeys(ground: Ground) -> PasskeyCeremony:
    """Apple's apps name the domain itself as their origin, Android's the certificate that signed them."""
    domain = ground.settings.passkey_rp_id
    origins = frozenset({f"https://{domain}", *android_origins(ground.settings.apps)})
    return PasskeyCeremony(ground.clock, PasskeyChallenges(ground.digests), domain, origins)
