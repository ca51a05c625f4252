"""Before anybody is known: the directory, activation, claims, key requests, sign-in, recovery, tickets."""

from dataclasses import dataclass

from app.composition.ground import Ground
from app.composition.tools import Tools
from app.services.activate import Activation
from app.services.activation_repeat import ActivationRepeat
from app.services.answers_reset import AnswersReset
from app.services.claim import Claim
from app.services.claim_completion import ClaimCompletion
from app.services.claim_tickets import ClaimTickets
from app.services.directory.version import SharedVersion
from app.services.dispute import Dispute
from app.services.district_directory import DistrictDirectory
from app.services.district_search import DistrictSearch
from app.services.districts import Districts
from app.services.guard import Guard
from app.services.key_requests import KeyRequests
from app.services.login import Login
from app.services.passkey_sign_in import PasskeySignIn
from app.services.password_reset import PasswordReset
from app.services.session_refresh import SessionRefresh
from app.services.sessions import Sessions
from app.services.shared_networks import SharedNetworks
from app.services.sso.accounts import SsoAccounts
from app.services.sso.codes import SsoCodes
from app.services.sso.sign_in import SsoSignIn
from app.services.support_tickets import SupportTickets
from app.services.username_recovery import UsernameRecovery


@dataclass(frozen=True)
class Entrance:
    """Before anybody is known: the directory, activation, claims, key requests, sign-in, recovery, tickets."""

    networks: SharedNetworks
    guard: Guard
    districts: Districts
    directory: DistrictDirectory
    district_search: DistrictSearch
    activation: Activation
    claim: Claim
    claim_completion: ClaimCompletion
    key_requests: KeyRequests
    login: Login
    passkey_sign_in: PasskeySignIn
    sessions: Sessions
    session_refresh: SessionRefresh
    sso_sign_in: SsoSignIn
    sso_codes: SsoCodes
    password_reset: PasswordReset
    answers_reset: AnswersReset
    username_recovery: UsernameRecovery
    dispute: Dispute
    support_tickets: SupportTickets


def wire_entrance(ground: Ground, tools: Tools) -> Entrance:
    database, clock, hash_pool = ground.database, ground.clock, ground.hash_pool
    digests, budgets, answer_hashes = ground.digests, tools.budgets, tools.answer_hashes
    sessions, ladder, names = tools.sessions, tools.ladder, tools.username_recovery
    networks = SharedNetworks(database)
    devices, counts = tools.device_tokens, tools.counts
    guard = Guard(database, clock, hash_pool, devices, ground.captchas, ladder, counts, budgets, networks)
    tickets = ClaimTickets(database, clock, tools.mailed_tokens)
    repeat = ActivationRepeat(database, clock, hash_pool, sessions, tools.typed_keys, ladder)
    sso_accounts = SsoAccounts(names)
    second_factor = tools.second_factor
    sso_codes = SsoCodes(database, clock, tools.mailed_tokens, devices, sso_accounts, second_factor, sessions)
    return Entrance(
        networks=networks,
        guard=guard,
        districts=Districts(database, clock, ground.settings.linking_states),
        directory=DistrictDirectory(database, clock),
        district_search=DistrictSearch(database, SharedVersion(database)),
        activation=Activation(
            database,
            clock,
            digests,
            hash_pool,
            sessions,
            tools.recovery_email,
            tools.typed_keys,
            ladder,
            repeat,
        ),
        claim=Claim(database, clock, tickets),
        claim_completion=ClaimCompletion(database, clock, tickets, answer_hashes, sessions, ladder, budgets),
        key_requests=KeyRequests(database, clock, digests, tools.key_issue, budgets),
        login=Login(database, clock, hash_pool, sessions, names, second_factor, guard, tools.recovery_email),
        passkey_sign_in=PasskeySignIn(database, clock, sessions, names, tools.passkeys),
        sessions=sessions,
        session_refresh=SessionRefresh(database, clock, tools.refresh_tokens, sessions),
        sso_sign_in=SsoSignIn(database, clock, digests, ground.providers, tools.sso_providers, sso_accounts, sso_codes),
        sso_codes=sso_codes,
        password_reset=PasswordReset(database, clock, hash_pool, sessions, tools.links, ladder),
        answers_reset=AnswersReset(database, clock, digests, tools.mailed_tokens, answer_hashes, budgets),
        username_recovery=names,
        dispute=Dispute(database, clock, sessions, tools.links),
        support_tickets=SupportTickets(database, clock, tools.ticket_mails),
    )
