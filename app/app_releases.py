"""The apps that an operator publishes: what their users should have, and what this service still answers."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

_CLIENT = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)-(ios|android|web)/([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})", re.ASCII)
VERSION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,9}){0,3}$"
PRODUCT_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class Platform(StrEnum):
    IOS = "ios"
    ANDROID = "android"
    WEB = "web"


def _https(url: str) -> str:
    if not url.startswith("https://") or not url.isprintable() or " " in url:
        raise ValueError("must be an https:// URL")
    return url


Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
Product = Annotated[str, StringConstraints(max_length=64, pattern=PRODUCT_PATTERN)]
Fingerprint = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$")]


class AppRelease(BaseModel):
    """One app on one platform."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    product: Product
    platform: Platform
    min_version: Version
    """Older ones should ask their users to update; they are served all the same."""
    latest_version: Version
    store_url: Annotated[str, StringConstraints(max_length=500), AfterValidator(_https)]
    refused_below: Version | None = None
    """The hard floor: older ones are told to update and get nothing else."""
    app_id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}$")] | None = None
    """Apple's team and bundle id, such as `ABCDE12345.org.example.parent`: the app opens the links of our mails."""
    package_name: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z][\w]*(\.[A-Za-z][\w]*)+$", max_length=200)] | None
    ) = None
    """Android's; with the fingerprints the app opens the links of our mails."""
    certificate_sha256: Annotated[tuple[Fingerprint, ...], Field(max_length=10)] = ()

    def refuses(self, version: str) -> bool:
        return self.refused_below is not None and _numbers(version) < _numbers(self.refused_below)


class Client(NamedTuple):
    """What an app says of itself in `X-Client: campus-parent-ios/5.3.1`."""

    product: str
    platform: str
    version: str


def client_of(header: str) -> Client | None:
    """None for what has another form; what follows the numbers of a version (`-beta`, a build) does not count."""
    found = _CLIENT.match(header)
    return Client(*found.groups()) if found else None


def release_of(apps: Sequence[AppRelease], product: str, platform: str) -> AppRelease | None:
    return next((app for app in apps if (app.product, app.platform) == (product, platform)), None)


def apple_site_association(apps: Sequence[AppRelease], paths: Sequence[str]) -> Mapping[str, object] | None:
    """Which of Apple's apps open these paths of this host and may use passwords saved for it; None where there is none."""
    ids = [app.app_id for app in apps if app.app_id]
    if not ids:
        return None
    components = [{"/": path} for path in paths]
    return {"applinks": {"details": [{"appIDs": ids, "components": components}]}, "webcredentials": {"apps": ids}}


def android_asset_links(apps: Sequence[AppRelease]) -> Sequence[Mapping[str, object]]:
    """The same for Android (Digital Asset Links)."""
    return [
        {
            "relation": ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"],
            "target": {
                "namespace": "android_app",
                "package_name": app.package_name,
                "sha256_cert_fingerprints": list(app.certificate_sha256),
            },
        }
        for app in apps
        if app.package_name and app.certificate_sha256
    ]


def android_origins(apps: Sequence[AppRelease]) -> Sequence[str]:
    """What Android's apps name as their origin where a passkey is made or used: the certificate that signed them."""
    digests = [bytes.fromhex(fingerprint.replace(":", "")) for app in apps for fingerprint in app.certificate_sha256]
    return [f"android:apk-key-hash:{urlsafe_b64encode(digest).rstrip(b'=').decode()}" for digest in digests]


def _numbers(version: str) -> tuple[int, ...]:
    """`5.3` and `5.3.0` are the same version."""
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))
