"""Why no backup is made, or none restored."""


class BackupRefused(Exception):
    """The message says what is wrong and what to do; nothing was changed, and no file is left behind."""
