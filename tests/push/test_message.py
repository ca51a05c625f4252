"""A push message says that something happened. It names nobody, and what it carries are ids."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.push.message import WORDS, push_message
from app.translation import LANGUAGES, PSEUDO, placeholders
from tests.push.notices import ACCOUNT_ID, FCM_TOKEN, MESSAGE_ID, for_android, for_iphone

SOON = datetime(2026, 8, 4, tzinfo=UTC)


@pytest.mark.parametrize("kind", WORDS)
def test_the_words_have_no_place_for_a_name(kind: str) -> None:
    words = WORDS[kind]
    assert placeholders(words.title) | placeholders(words.body) == set()


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("locale", [*LANGUAGES, PSEUDO, None])
def test_the_words_are_the_same_for_everybody_who_reads_a_language(kind: str, locale: str | None) -> None:
    messages = [
        push_message(
            kind, locale, message_id=uuid4(), provider="fcm", token=token, ids={"account_id": uuid4()}, expires_at=SOON
        )
        for token in ("one", "another")
    ]
    assert len({(message.title, message.body) for message in messages}) == 1


@pytest.mark.parametrize("kind", WORDS)
def test_all_words_go_through_translation(kind: str) -> None:
    message = push_message(kind, PSEUDO, message_id=MESSAGE_ID, provider="apns", token="00", ids={}, expires_at=SOON)
    assert (message.title, message.body) == (f"⟦{WORDS[kind].title}⟧", f"⟦{WORDS[kind].body}⟧")


@pytest.mark.parametrize("kind", WORDS)
def test_what_an_app_gets_besides_are_the_kind_and_ids(kind: str) -> None:
    data = dict(for_android(kind).data)
    assert data.pop("kind") == kind
    assert {name: UUID(value) for name, value in data.items()} == {"account_id": ACCOUNT_ID, "message_id": MESSAGE_ID}


def test_a_notice_fits_on_a_locked_screen_and_into_what_providers_take() -> None:
    for words in WORDS.values():
        assert len(words.title) <= 40
        assert len(words.body) <= 150


def test_a_message_that_is_printed_by_mistake_shows_no_token() -> None:
    assert FCM_TOKEN not in f"{for_android()!r} {for_android()}"
    assert for_iphone().token not in f"{for_iphone()!r} {for_iphone()}"
