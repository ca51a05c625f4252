"""Facts about a student that do not fit together."""

from app.errors.base import CampusError


class FactsRefused(CampusError):
    """Which of the facts was wrong, or whether there were too many tries, nobody learns."""

    status = 404
    next_step = "contact_district"


class ClaimNotMatched(FactsRefused):
    code = "claim_not_matched"
    title = "These details do not fit together"
    detail = "These details do not fit together, or there were too many tries. Check each of them, or ask the school."
    remedy = "Type the names and the number as the school has them, without the S. After five wrong tries wait until tomorrow, after ten ask the office."


class KeyRequestNotMatched(FactsRefused):
    code = "key_request_not_matched"
    title = "These details do not fit together"
    detail = "These details do not fit together, or there were too many tries. Check each of them, or ask the school."
    remedy = (
        "Type the details as the school has them. After five wrong tries wait until tomorrow, after ten ask the office."
    )
