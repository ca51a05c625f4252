"""What a letter tells, before it is put into words; as a line of JSON it goes to the process that prints."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from app.portals import Portal


@dataclass(frozen=True)
class PaperLetter:
    """A key for one person. Lines and names are as the roster and the district have them: the page escapes and cuts them."""

    district: str
    place: str
    """City and state of the district."""
    recipient: tuple[str, ...]
    """Name, street, and city with state and postal code; the name alone where no address is known."""
    schools: tuple[str, ...]
    portal: Portal
    activation_key: str = field(repr=False)
    link: str = field(repr=False)
    """Opens the page with the key filled in; the key stands in the fragment, which no server is sent."""
    page: str
    """The same page without the key."""
    expires_on: date
    """In the district's own days."""
    language: str | None
    """The one beside English; None for English alone."""
    support: str | None = None
    """A telephone number; else an e-mail or web address."""

    def as_line(self) -> str:
        return json.dumps(asdict(self) | {"expires_on": self.expires_on.isoformat()})

    @classmethod
    def of_line(cls, line: str) -> "PaperLetter":
        """Raises ValueError, TypeError or LookupError for anything but what `as_line` wrote."""
        facts: Mapping[str, Any] = json.loads(line)
        return cls(
            **{
                **facts,
                "recipient": tuple(facts["recipient"]),
                "schools": tuple(facts["schools"]),
                "portal": Portal(facts["portal"]),
                "expires_on": date.fromisoformat(facts["expires_on"]),
            }
        )
