"""The office desk: one file a subject. Each operation says for whom it is (`for_staff`) and works for the clerk whom it is given."""

from types import ModuleType

from fastapi import APIRouter

from app.routers.admin import (
    accounts,
    activation_keys,
    announcements,
    district,
    key_batches,
    people,
    relationships,
    rosters,
)

router = APIRouter(prefix="/admin", tags=["Office"])
SUBJECTS: tuple[ModuleType, ...] = (
    accounts,
    people,
    relationships,
    key_batches,
    activation_keys,
    district,
    announcements,
    rosters,
)
for subject in SUBJECTS:
    router.include_router(subject.router)
