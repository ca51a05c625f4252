"""What a family's phones are told, through the same outbox as mails: tried again, given up, and no name in it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.push.message import PushMessage
from app.push.senders import PushGone, PushNotSent, PushPostponed, PushRefused
from app.settings import Settings
from tests.linking.families import Login, Region
from tests.support.hash_pools import quick_hashes
from tests.support.recovery import Post, posting

OTHER_PASSWORD = "Wide river 43"


@dataclass
class Provider:
    """Takes each message, or says why not."""

    messages: list[PushMessage] = field(default_factory=list)
    fault: Callable[[], PushNotSent] | None = None

    async def send(self, message: PushMessage) -> None:
        if self.fault:
            raise self.fault()
        self.messages.append(message)

    async def close(self) -> None:
        pass

    def told(self) -> list[tuple[str, str]]:
        """Which token was told what."""
        return [(message.token, message.kind) for message in self.messages]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def post(settings: Settings, clock: ManualClock, provider: Provider) -> AsyncIterator[Post]:
    sender = MemorySender()
    async with posting(settings, clock, sender, provider) as server:
        with quick_hashes(server):
            yield Post(server, sender.messages)


@pytest.fixture
async def maria(region: Region) -> Login:
    """In Wake, with a phone that is registered."""
    maria = await region.parent("wake")
    assert (await maria.register()).status_code == 204
    return maria


async def test_a_changed_password_is_told_to_the_phone_and_names_nobody(
    maria: Login, post: Post, provider: Provider
) -> None:
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    (message,) = provider.messages
    assert (message.token, message.kind, message.provider) == ("token-of-phone-1", "password_changed", "fcm")
    assert message.data["account_id"] == maria.account_id
    said = f"{message.title} {message.body} {dict(message.data)}"
    assert [word for word in ("Maria", "Lopez", "Ana", "Wake", maria.username) if word in said] == []


async def test_both_sides_of_a_link_are_told(maria: Login, region: Region, post: Post, provider: Provider) -> None:
    rosa = await region.parent("kent")
    await rosa.register("tablet-1")
    assert (await rosa.redeem(await maria.show_code())).status_code == 201
    await post.deliver()
    assert sorted(provider.told()) == [
        ("token-of-phone-1", "accounts_linked"),
        ("token-of-tablet-1", "accounts_linked"),
    ]


async def test_a_phone_that_was_switched_off_is_told_nothing(maria: Login, post: Post, provider: Provider) -> None:
    await maria.unregister()
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    assert provider.messages == []


async def test_what_was_promised_before_it_was_switched_off_is_not_sent_either(
    maria: Login, post: Post, provider: Provider
) -> None:
    assert (await maria.change_password()).status_code == 204
    await maria.unregister()
    await post.deliver()
    assert provider.messages == []


async def test_a_district_that_switches_push_off_is_obeyed_at_once(
    maria: Login, post: Post, provider: Provider
) -> None:
    assert (await maria.change_password()).status_code == 204
    await maria.office.set("features.push=false")
    await post.deliver()
    assert provider.messages == []


async def test_a_school_that_switches_notifications_off_is_obeyed_at_once_where_it_is_the_only_one(
    maria: Login, post: Post, provider: Provider
) -> None:
    """Being closed for a time keeps back what schools tell, and not this."""
    office, schools = maria.office, {}
    for child in (await maria.ask("GET", "/me/students")).json()["items"]:
        schools[child["first_name"]] = await office.school(f"School of {child['first_name']}")
        await office.enroll(UUID(child["id"]), schools[child["first_name"]])
    for school in schools.values():
        await office.campus.school_desk.set(
            office.operator, str(school), ["closures=summer 2026-06-01.. notifications"]
        )
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    told = len(provider.messages)
    assert told
    for school in schools.values():
        await office.campus.school_desk.set(office.operator, str(school), ["off.parent=notifications"])
    assert (await maria.change_password(OTHER_PASSWORD)).status_code == 204
    await post.deliver()
    assert len(provider.messages) == told


async def test_a_token_that_the_provider_forgot_is_removed(maria: Login, post: Post, provider: Provider) -> None:
    provider.fault = lambda: PushGone("UNREGISTERED")
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    provider.fault = None
    assert (await maria.change_password(OTHER_PASSWORD)).status_code == 204
    await post.deliver()
    assert provider.messages == []


async def test_a_phone_that_registered_again_meanwhile_is_kept(
    maria: Login, post: Post, provider: Provider, clock: ManualClock
) -> None:
    provider.fault = lambda: PushGone("Unregistered", since=clock.now() - timedelta(hours=1))
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    provider.fault = None
    assert (await maria.change_password(OTHER_PASSWORD)).status_code == 204
    await post.deliver()
    assert provider.told() == [("token-of-phone-1", "password_changed")]


async def test_a_provider_that_asks_for_patience_gets_it(
    maria: Login, post: Post, provider: Provider, clock: ManualClock
) -> None:
    provider.fault = lambda: PushPostponed("QUOTA_EXCEEDED", retry_after=600)
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    provider.fault = None
    clock.advance(timedelta(seconds=599))
    await post.deliver()
    assert provider.messages == []
    clock.advance(timedelta(seconds=1))
    await post.deliver()
    assert provider.told() == [("token-of-phone-1", "password_changed")]


async def test_after_a_day_of_trying_it_is_given_up(
    maria: Login, post: Post, provider: Provider, clock: ManualClock
) -> None:
    provider.fault = lambda: PushPostponed("timed_out")
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    clock.advance(timedelta(days=1))
    provider.fault = None
    await post.deliver()
    assert provider.messages == []


async def test_a_message_that_is_refused_is_not_sent_again(
    maria: Login, post: Post, provider: Provider, clock: ManualClock
) -> None:
    provider.fault = lambda: PushRefused("SENDER_ID_MISMATCH")
    assert (await maria.change_password()).status_code == 204
    await post.deliver()
    provider.fault = None
    clock.advance(timedelta(hours=1))
    await post.deliver()
    assert provider.messages == []
