"""Before anybody is known: the directory, activation, sign-in, recovery."""

from dataclasses import dataclass

from app.composition.ground import Ground
from app.composition.tools import Tools
from app.services.activate import Activation
from app.services.activation_repeat import ActivationRepeat
from app.services.dispute import Dispute
from app.services.district_directory import DistrictDirectory
from app.services.districts import Districts
from app.services.guard import Guard
from app.services.login import Login
from app.services.password_reset import PasswordReset
from app.services.session_refresh import SessionRefresh
from app.services.sessions import Sessions
from app.services.shared_networks import SharedNetworks
from app.services.username_recovery import UsernameRecovery


@dataclass(frozen=True)
class Entrance:
    """Before anybody is known: the directory, activation, sign-in, recovery."""

    networks: SharedNetworks
    guard: Guard
    districts: Districts
    directory: DistrictDirectory
    activation: Activation
    login: Login
    sessions: Sessions
    session_refresh: SessionRefresh
    password_reset: PasswordReset
    username_recovery: UsernameRecovery
    dispute: Dispute


def wire_entrance(ground: Ground, tools: Tools) -> Entrance:
    database, clock, hash_pool = ground.database, ground.clock, ground.hash_pool
    sessions, ladder, names = tools.sessions, tools.ladder, tools.username_recovery
    networks = SharedNetworks(database)
    guard = Guard(database, clock, hash_pool, tools.device_tokens, ground.captchas, ladder, tools.counts, networks)
    repeat = ActivationRepeat(database, clock, hash_pool, sessions, tools.typed_keys, ladder)
    return Entrance(
        networks=networks,
        guard=guard,
        districts=Districts(database, clock, ground.settings.linking_states),
        directory=DistrictDirectory(database, clock),
        activation=Activation(
            database,
            clock,
            ground.digests,
            hash_pool,
            sessions,
            tools.recovery_email,
            tools.typed_keys,
            ladder,
            repeat,
        ),
        login=Login(database, clock, hash_pool, sessions, names, tools.second_factor, guard),
        sessions=sessions,
        session_refresh=SessionRefresh(database, clock, tools.refresh_tokens, sessions),
        password_reset=PasswordReset(database, clock, hash_pool, sessions, tools.links, ladder),
        username_recovery=names,
        dispute=Dispute(database, clock, sessions, tools.links),
    )
