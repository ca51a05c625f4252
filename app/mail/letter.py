"""What a mail tells, before it is put into words.

| kind | facts |
| --- | --- |
| `password_reset` | `first_name`, `username`, `link`, `expires_at` |
| `username_recovery` | `accounts`: a list of `username`, `portal`, `first_name`, `link`; `expires_at` |
| `confirm_recovery_email` | `first_name`, `link`, `code`, `expires_at` |
| `recovery_email_changed` | `first_name`, `new_address_masked`, `dispute_link`, `changed_at`; goes to the old address |
| `password_changed` | `first_name`, `dispute_link`, `changed_at` |
| `new_device`, `accounts_linked`, `accounts_unlinked`, `sign_ins_refused`, `totp_changed`, `totp_removed`, `passkey_added`, `passkey_removed`, `recovery_code_used`, `answers_changed` | `first_name`, `dispute_link`, `happened_at` |
| `student_claimed` | `first_name`, `happened_at`; goes to guardians |
| `household_accepted`, `household_changed` (to others of the household) | `first_name`, `happened_at`: nothing of what was changed |
| `household_declined` | `first_name`, `happened_at`, `reason` |
| `activation_key` | `first_name`, `activation_key`, `link`, `expires_at` |
| `ticket_received`, `ticket_waiting` (to the help desk), `ticket_resolved`, `ticket_declined` | `reference`, `category`: no names |

All have `timezone`, the district's IANA name, and may have `portal`. Moments are aware datetimes. A `first_name` may be None, and is left
out where `portal` is `student`: no mail names a child. The `link` of an account and a `dispute_link` are None where they no longer work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DistrictSender:
    """Who writes, and how a person is reached there."""

    name: str
    support_phone: str | None = None
    support_email: str | None = None
    support_url: str | None = None


@dataclass(frozen=True)
class Letter:
    kind: str
    message_id: str
    """`id@host`, with or without angle brackets; the same each time that this letter is sent."""
    to_address: str
    locale: str
    """A language tag. What there are no words in is written in English."""
    district: DistrictSender
    facts: Mapping[str, Any]
