"""What somebody did with the account that he is signed in to, as the audit trail keeps it."""

from datetime import datetime

from app.database import Unit
from app.services import audit
from app.services.sessions import SignedIn


def record_own(session: Unit, caller: SignedIn, what: str, *, at: datetime, **data: object) -> None:
    """Adds `api:{what}` by and about the caller's account, with his session beside `data` (ids, counts and reasons)."""
    audit.record(
        session,
        f"api:{what}",
        at=at,
        actor=audit.by_account(caller.account.id),
        district_id=caller.account.district_id,
        account_id=caller.account.id,
        person_id=caller.account.person_id,
        data={"session": str(caller.session_id), **data},
    )
