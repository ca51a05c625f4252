"""The same counter as the office's own tests: a running service whose mails can be read, a district, and members of its office."""

from tests.office.conftest import dana, hugo, maria, office, post, server

__all__ = ["dana", "hugo", "maria", "office", "post", "server"]
