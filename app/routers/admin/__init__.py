"""The office desk: one file a subject. Each operation says for whom it is (`for_staff`) and works for the clerk whom it is given."""

from types import ModuleType

from app.routers.admin import (
    accounts,
    activation_keys,
    announcements,
    audit,
    district,
    household_requests,
    households,
    key_batches,
    key_requests,
    outbox,
    people,
    relationships,
    rosters,
    schools,
    sso,
    staff,
    support_tickets,
)
from app.routers.operations import Operations

router = Operations(prefix="/admin", tags=["Office"])
SUBJECTS: tuple[ModuleType, ...] = (
    accounts,
    people,
    relationships,
    key_batches,
    activation_keys,
    key_requests,
    households,
    household_requests,
    staff,
    district,
    sso,
    schools,
    announcements,
    rosters,
    support_tickets,
    outbox,
    audit,
)
for subject in SUBJECTS:
    router.include(subject.router)
