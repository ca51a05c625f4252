"""Somebody else was first, or something else stands in the way."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.clock import rfc3339
from app.errors.base import CampusError, FieldError


class Conflict(CampusError):
    status = 409


class UsernameTaken(Conflict):
    code = "username_taken"
    title = "This username is taken"
    detail = "Somebody in this district already has this username. Please choose another one."
    remedy = "Choose another username. Capitals and look-alike forms of a letter count as the same."
    next_step = "choose_username"

    @property
    def errors(self) -> Sequence[FieldError]:
        return (FieldError("/username", self.code, self.detail),)


class AlreadyLinked(Conflict):
    code = "already_linked"
    title = "The accounts are linked already"
    detail = "These two accounts are linked already."
    remedy = "Nothing needs to be done; GET /districts/link lists the linked accounts."


class SameDistrict(Conflict):
    code = "same_district"
    title = "Both accounts are in one district"
    detail = "Only accounts of different school districts can be linked, one of each district."
    remedy = "Use the code in an account of another district. An account that is linked already may have to be taken out first."


class PortalMismatch(Conflict):
    code = "portal_mismatch"
    title = "The accounts are of different portals"
    detail = "A parent's account can only be linked with a parent's account, and a student's with a student's."
    remedy = "Use the code in an account of the same portal."


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    title = "There are as many passkeys as an account may have"
    detail = "Your account has as many passkeys as it may have. Remove one that you do not use first."
    remedy = "List them with GET /me/passkeys and let the owner remove one. An account may have ten."


class NotEntitled(Conflict):
    code = "not_entitled"
    title = "This person may not have such an account"
    detail = (
        "This person may not have an account in this portal now: not in the roster, or no student with portal access."
    )
    remedy = "GET /admin/people says why. The roster or the relationship's portal flag has to change first."


class NoAddress(Conflict):
    code = "no_address"
    title = "There is no address to write to"
    detail = "There is no address on record to which this could be mailed."
    remedy = "Choose another way: a letter, or in person with photo ID."


class KeyNotLive(Conflict):
    code = "key_not_live"
    title = "The key does not open anything any more"
    detail = "This key was used or taken back before, so there is nothing to take back."
    remedy = "Look at the key's `state`. A used key has made an account: unlock, reset or disable that."


class InProgress(Conflict):
    code = "in_progress"
    title = "Another request is using this right now"
    detail = "Another request is using this right now. Please try again in a moment."
    remedy = "Wait as long as Retry-After says, then repeat the request."
    retry_after = 1


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"
    title = "The first request with this Idempotency-Key is still running"
    detail = "The first request with this Idempotency-Key is still running. Please try again in a moment."
    remedy = "Wait as long as Retry-After says, then repeat the request with the same key."
    retry_after = 1


class ClaimTooEarly(Conflict):
    """Only for one who gave all facts right."""

    code = "claim_too_early"
    title = "The account can be claimed later"
    detail = "You are new in this school district. Please try again later; your account can be claimed then."
    remedy = "`available_at` says from when on the account can be claimed."
    next_step = "wait"

    def __init__(self, available_at: datetime | None = None) -> None:
        super().__init__()
        self.available_at = available_at

    @property
    def extra(self) -> Mapping[str, object]:
        return {"available_at": rfc3339(self.available_at)} if self.available_at else {}


class AlreadyClaimed(Conflict):
    """Only for one who gave all facts right, or who holds a ticket."""

    code = "already_claimed"
    title = "The account has been claimed"
    detail = "This account has been claimed before. Sign in with it, or choose Forgot password."
    remedy = "Sign in, or reset the password. Only the office can open the claim once more."
    next_step = "sign_in_or_recover"


class KeyRequestClosed(Conflict):
    code = "key_request_closed"
    title = "This request does not wait any more"
    detail = "This request does not wait any more: keys went out for it, or a colleague was faster."
    remedy = "Load the list again; `state` says what came of the request."
    next_step = "reload"


class HouseholdRequestClosed(Conflict):
    code = "household_request_closed"
    title = "The request does not wait any more"
    detail = "This request has been decided, or the guardian has sent another one."
    remedy = "Look at the list again: GET /admin/household-requests?state=waiting."


class TicketClosed(Conflict):
    code = "ticket_closed"
    title = "The ticket is closed"
    detail = "Somebody has closed this ticket before. Nothing was done now."
    remedy = "GET /admin/support-tickets/{id} says what was done. If more is needed, do it with the account itself."
