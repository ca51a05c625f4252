"""What the worker does beside requests, and what probes ask."""

from dataclasses import dataclass

from app.composition.ground import Ground
from app.composition.tools import Tools
from app.migrate import newest_revision
from app.services.after_restore import AfterRestore
from app.services.audit_retention import AuditRetention
from app.services.audit_sealing import AuditSealing
from app.services.audit_verification import AuditVerification
from app.services.checkup import Checkup
from app.services.erasure import Erasure
from app.services.kept_keys import KeptKeyStore
from app.services.key_request_errands import KeyRequestErrands
from app.services.mail_delivery import MailDelivery
from app.services.mail_preparation import MailPreparation
from app.services.outbox_claims import OutboxClaims
from app.services.pruning import Pruning
from app.services.push_preparation import PushPreparation
from app.services.readiness import Readiness
from app.services.resealing import Resealing
from app.services.roster import DaysOfGrace
from app.services.secret_standing import SecretStanding
from app.services.worker_beats import WorkerBeats


@dataclass(frozen=True)
class Upkeep:
    """What the worker does beside requests, and what probes ask."""

    mail_delivery: MailDelivery
    key_request_errands: KeyRequestErrands
    days_of_grace: DaysOfGrace
    pruning: Pruning
    erasure: Erasure
    audit_sealing: AuditSealing
    audit_retention: AuditRetention
    audit_verification: AuditVerification
    resealing: Resealing
    after_restore: AfterRestore
    secret_standing: SecretStanding
    readiness: Readiness
    checkup: Checkup
    worker_beats: WorkerBeats


def wire_upkeep(ground: Ground, tools: Tools) -> Upkeep:
    database, clock, settings, digests = ground.database, ground.clock, ground.settings, ground.digests
    letters = MailPreparation(database, clock, tools.mailed_tokens, settings.public_url, tools.key_mail)
    notices = PushPreparation(database, clock, digests)
    kept, sealing = KeptKeyStore(database, clock, digests), AuditSealing(database, clock, digests)
    standing = SecretStanding(database, clock, digests, kept)
    verification = AuditVerification(database, clock, digests)
    return Upkeep(
        mail_delivery=MailDelivery(
            OutboxClaims(database, clock),
            clock,
            letters,
            ground.mail_sender,
            settings.mail_from,
            notices,
            ground.push_sender,
        ),
        key_request_errands=KeyRequestErrands(database, clock, tools.key_issue, tools.key_mail, tools.budgets),
        days_of_grace=DaysOfGrace(database, clock),
        pruning=Pruning(database, clock),
        erasure=tools.erasure,
        audit_sealing=sealing,
        audit_retention=AuditRetention(database, clock, digests),
        audit_verification=verification,
        after_restore=AfterRestore(database, clock, sealing, verification),
        resealing=Resealing(database, clock, digests, kept, sealing),
        secret_standing=standing,
        checkup=Checkup(settings, database, clock, standing, ground.mail_sender),
        worker_beats=WorkerBeats(database, clock),
        readiness=Readiness(database, settings.redis_url, newest_revision()),
    )
