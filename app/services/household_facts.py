"""What the office knows of a home: address, telephone numbers, e-mail addresses and language, as tidy text and within bounds."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.services.setting_values import LanguageTag
from app.services.settings_group import SettingsGroup
from app.text import is_plain, tidy

MOST_PHONES = MOST_EMAILS = 10
_PHONE = r"^\+?[0-9(][0-9 ().-]*[0-9]( ?(x|ext\.?) ?[0-9]{1,6})?$"
_EMAIL = r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+$"


def _one_line(text: str) -> str:
    if not is_plain(text):
        raise PydanticCustomError("text_expected", "control characters")
    return tidy(text)


AddressLine = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)
]
State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", max_length=2), Field(examples=["GA"])]
PostalCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{5}(-[0-9]{4})?$", max_length=10), Field(examples=["30549"])
]
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=7, max_length=40, pattern=_PHONE),
    Field(examples=["706-555-0134"]),
]
Email = Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL), Field(examples=["maria.lopez@example.org"])]

HomeLanguage = Annotated[LanguageTag, Field(description="What is read at home; letters come in it", examples=["es"])]


class Address(SettingsGroup):
    street: Annotated[AddressLine, Field(description="Number, street and apartment", examples=["12 Oak Lane, Apt 3"])]
    city: Annotated[AddressLine, Field(examples=["Jefferson"])]
    state: State
    postal_code: PostalCode


class HouseholdFacts(SettingsGroup):
    address: Address | None = None
    phones: Annotated[tuple[Phone, ...], Field(max_length=MOST_PHONES)] = ()
    emails: Annotated[tuple[Email, ...], Field(max_length=MOST_EMAILS)] = ()
    language: HomeLanguage | None = None

    def as_json(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude_none=True)

    def differing(self, other: "HouseholdFacts") -> list[str]:
        """The names of what is not the same."""
        return [name for name in type(self).model_fields if getattr(self, name) != getattr(other, name)]
