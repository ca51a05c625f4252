"""A district's settings as they are stored: read once for as long as the text stays the same."""

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast

from app.services.district_settings import DistrictSettings


def settings_text(district: Any) -> Any:
    """SQL: the `settings` of a `District` (or an alias of it) as the text that is stored."""
    return cast(district.settings, Text)


@lru_cache(256)
def settings_of(text: str) -> DistrictSettings:
    """The whole of what a district has stored. The same text means the same, whoever stored it and when."""
    return DistrictSettings.model_validate(json.loads(text))
