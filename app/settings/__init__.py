"""`CAMPUS_*` settings: read from the environment once, frozen, validated all at once."""

from app.settings.environment import (
    PREFIX,
    SettingsError,
    environment_without_settings,
    load_settings,
    unknown_variables,
)
from app.settings.model import MIN_SECRET_LENGTH, Environment, Settings

__all__ = [
    "MIN_SECRET_LENGTH",
    "PREFIX",
    "Environment",
    "Settings",
    "SettingsError",
    "environment_without_settings",
    "load_settings",
    "unknown_variables",
]
