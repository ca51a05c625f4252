"""Reading settings from the environment: `CAMPUS_*`, or the file that `CAMPUS_*_FILE` names; every fault at once."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from app.settings.model import Environment, Settings

PREFIX = "CAMPUS_"


class SettingsError(Exception):
    """The environment does not make a usable configuration; `faults` names each variable and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


_LISTS = {
    "secret_keys": r"[,\r\n]",
    "linking_states": r"[,\r\n]",
    "trusted_proxies": r"[,\r\n]",
    "sso_private_networks": r"[,\r\n]",
}


def environment_without_settings() -> dict[str, str]:
    """For a process of ours that needs none of them, and so none of the secrets among them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads `CAMPUS_*` and `CAMPUS_*_FILE`.

    Raises:
        SettingsError: with every fault at once, none of which repeats a value.
    """
    source = os.environ if environ is None else environ
    values, faults = _collect(source)
    faults += _missing(values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += [
            _sentence(fault["loc"], fault["msg"]) for fault in error.errors(include_input=False, include_url=False)
        ]
    if faults:
        raise SettingsError(sorted(faults))
    return settings


def _missing(values: Mapping[str, object]) -> list[str]:
    """Asked before the rest is validated, so that all faults are told at once."""
    hosted = values.get("captcha_provider", "altcha") != "altcha"
    wanted = [
        ("in production", values.get("env") == Environment.PRODUCTION, "secret_keys signing_keys"),
        ("for a hosted CAPTCHA provider", hosted, "captcha_site_key captcha_secret"),
        ("with a key for APNs", "push_apns_key" in values, "push_apns_key_id push_apns_team_id push_apns_topic"),
    ]
    return [
        f"{PREFIX}{name.upper()}: must be set {when}"
        for when, is_wanted, names in wanted
        for name in names.split()
        if is_wanted and name not in values
    ]


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`CAMPUS_*` variables that mean nothing here: often a misspelt setting."""
    known = {f"{PREFIX}{name.upper()}{ending}" for name in Settings.model_fields for ending in ("", "_FILE")}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _collect(source: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    values: dict[str, object] = {}
    faults: list[str] = []
    for variable, raw in sorted(source.items()):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        text = raw
        if name not in Settings.model_fields and name.endswith("_file") and name[:-5] in Settings.model_fields:
            name = name[:-5]
            if f"{PREFIX}{name.upper()}" in source:
                faults.append(f"{variable}: {PREFIX}{name.upper()} is set too; keep one of them")
            try:
                text = Path(raw).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"{variable}: cannot read the file ({getattr(error, 'strerror', 'it is not UTF-8')})")
                continue
        if name in Settings.model_fields and text != "":
            values[name] = _split(name, text)
    return values, faults


def _split(name: str, text: str) -> object:
    if name == "signing_keys":
        end = "-----END"
        return (
            tuple(f"-----BEGIN{part}" for part in text.replace("\\n", "\n").split("-----BEGIN")[1:])
            if end in text
            else (text,)
        )
    if name == "push_apns_key":
        return text.replace("\\n", "\n")
    if separator := _LISTS.get(name):
        return tuple(part.strip() for part in re.split(separator, text) if part.strip())
    return text


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}: {message}" if location else message
