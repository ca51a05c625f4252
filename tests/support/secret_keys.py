"""Secret keys that are replaced."""

from pydantic import SecretStr

from app.settings import Settings

NEW_KEY, NEXT_KEY = "the-key-that-comes-after-those-of-the-tests-0123", "the-key-that-comes-after-the-new-one-456789ab"


def with_keys(settings: Settings, *keys: str) -> Settings:
    """These, newest first."""
    return settings.model_copy(update={"secret_keys": tuple(SecretStr(key) for key in keys)})


def with_new_key(settings: Settings) -> Settings:
    """In front of those that are listed."""
    return with_keys(settings, NEW_KEY, *(key.get_secret_value() for key in settings.secret_keys))
