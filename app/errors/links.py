"""A code or a mailed link that opens nothing."""

from app.errors.base import CampusError


class LinkCodeRefused(CampusError):
    next_step = "new_link_code"


class LinkCodeInvalid(LinkCodeRefused):
    code = "link_code_invalid"
    status = 404
    title = "This code is not known"
    detail = "This code is not known. Check each letter, or show a new code in the other account."
    remedy = "Compare the code with the other account's screen. Each code works once, for ten minutes."


class LinkCodeExpired(LinkCodeRefused):
    code = "link_code_expired"
    status = 410
    title = "This code has expired"
    detail = "This code has expired. Please show a new code in the other account."
    remedy = "Show a new code in the other account; each lives for ten minutes."


class LinkRefused(CampusError):
    status = 410


class ResetLinkInvalid(LinkRefused):
    code = "reset_link_invalid"
    title = "This link no longer works"
    detail = "This link has expired, was used, or a newer mail has replaced it. Please ask for a new one."
    remedy = "Ask for a new mail with POST /password-reset. Only the newest link works, once, for 30 minutes."
    next_step = "reset_password"


class TicketInvalid(LinkRefused):
    code = "ticket_invalid"
    title = "This link no longer works"
    detail = "This link or code has expired or was used."
    remedy = "Begin again where the link or the ticket came from."
