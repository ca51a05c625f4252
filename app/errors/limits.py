"""Too much of it: wait."""

from app.errors.base import CampusError


class RateLimited(CampusError):
    """Says nothing of anybody: it counts what an address, a session, a district or everybody together asks for."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"
    detail = "There were too many requests from here. Please wait a moment and try again."
    remedy = "Wait as long as Retry-After says. `RateLimit-Policy` names the limit and `RateLimit` what is left of it."

    def __init__(self, seconds: int = 60) -> None:
        super().__init__()
        self.retry_after = seconds


class TooManyAttempts(CampusError):
    """A wait after ten wrong passwords. Comes for unknown names just the same; nothing is verified meanwhile."""

    code = "too_many_attempts"
    status = 429
    title = "Too many wrong passwords"
    detail = "The password was typed wrong too often. Please wait a moment, then try again or choose Forgot password."
    remedy = (
        "Wait as long as Retry-After says: 30 seconds after the tenth wrong password, longer after each further one."
    )
    next_step = "wait"

    def __init__(self, seconds: int = 30) -> None:
        super().__init__()
        self.retry_after = seconds


class DailyLimitReached(CampusError):
    code = "daily_limit_reached"
    status = 429
    title = "Enough for today"
    detail = "This was asked for too often today. Please try again tomorrow, or contact the school."
    remedy = "Wait as long as Retry-After says: until midnight in the district."
    next_step = "contact_district"

    def __init__(self, seconds: int = 3_600) -> None:
        super().__init__()
        self.retry_after = seconds
