"""What somebody who is signed in does with his own account."""

from dataclasses import dataclass

from app.composition.ground import Ground
from app.composition.tools import Tools
from app.services.activity import Activity
from app.services.authenticator import Authenticator
from app.services.devices import Devices
from app.services.households import Households
from app.services.linking import Linking
from app.services.me import Me
from app.services.menu import Menu
from app.services.own_answers import OwnAnswers
from app.services.own_passkeys import OwnPasskeys
from app.services.own_sessions import OwnSessions
from app.services.passwords import Passwords
from app.services.recovery_email import RecoveryEmail
from app.services.step_up import StepUp
from app.services.switching import Switching


@dataclass(frozen=True)
class OwnAccount:
    """What somebody who is signed in does with his own account."""

    own_sessions: OwnSessions
    activity: Activity
    me: Me
    menu: Menu
    households: Households
    linking: Linking
    switching: Switching
    devices: Devices
    passwords: Passwords
    own_answers: OwnAnswers
    authenticator: Authenticator
    step_up: StepUp
    own_passkeys: OwnPasskeys
    recovery_email: RecoveryEmail


def wire_own_account(ground: Ground, tools: Tools) -> OwnAccount:
    database, clock, digests = ground.database, ground.clock, ground.digests
    sessions, passwords, states = tools.sessions, tools.passwords, ground.settings.linking_states
    menu = Menu(database, clock)
    return OwnAccount(
        own_sessions=OwnSessions(database, clock, tools.refresh_tokens, sessions),
        activity=Activity(database, digests),
        me=Me(database, states),
        menu=menu,
        households=Households(database, clock, digests, menu),
        linking=Linking(database, clock, digests, tools.counts, states),
        switching=Switching(database, clock, sessions, tools.username_recovery),
        devices=Devices(database, clock, digests, states),
        passwords=passwords,
        own_answers=OwnAnswers(database, clock, passwords, tools.answer_hashes, tools.budgets),
        authenticator=Authenticator(database, clock, digests, sessions, tools.second_factor),
        step_up=StepUp(database, clock, sessions, passwords, tools.second_factor, tools.passkeys),
        own_passkeys=OwnPasskeys(database, clock, tools.passkeys),
        recovery_email=tools.recovery_email,
    )
