"""What can come of sending a mail, other than that it left. Neither holds a word of the mail, nor of what the server said."""


class MailNotSent(Exception):
    """`reason` is a short code for logs and counters, such as `smtp_451` or `timed_out`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailPostponed(MailNotSent):
    """The same mail may leave later."""


class MailRefused(MailNotSent):
    """This mail will never leave."""
