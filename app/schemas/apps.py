"""What an app asks when it starts."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.app_releases import PRODUCT_PATTERN, VERSION_PATTERN, AppRelease
from app.schemas.common import Answer

ProductName = Annotated[str, StringConstraints(max_length=64, pattern=PRODUCT_PATTERN)]
VersionText = Annotated[str, Field(max_length=39, pattern=VERSION_PATTERN, examples=["5.3.1"])]


class AppConfigAnswer(Answer):
    """What the operator says of one app."""

    min_version: Annotated[
        VersionText,
        Field(description="Older ones should ask their users to update; they work all the same", examples=["5.0.0"]),
    ]
    latest_version: VersionText
    store_url: Annotated[
        str,
        Field(max_length=500, description="Where the newest is", examples=["https://apps.example.org/campus-parent"]),
    ]
    maintenance: Annotated[bool, Field(description="Tell people that things may not work now; asking is allowed")]

    @classmethod
    def of(cls, release: AppRelease, *, maintenance: bool) -> "AppConfigAnswer":
        return cls(
            min_version=release.min_version,
            latest_version=release.latest_version,
            store_url=release.store_url,
            maintenance=maintenance,
        )
