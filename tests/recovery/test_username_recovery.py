"""A forgotten username: every one of a confirmed address, each with its own link; five times a day of the district."""

from datetime import UTC, datetime, timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import Server, refused
from tests.support.recovery import ADDRESS, CONFIRM, NEW_PASSWORD, Owner, Post, new_owner

MAILS_A_DAY = 5
NOBODYS = "nobody@mail.example.org"


async def test_the_mail_lists_every_username_with_a_link_of_its_own(office: Office, maria: Owner, post: Post) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz")
    student = Owner.of(await office.user(await office.student("Zed Young"), Portal.STUDENT), post)
    await student.activate(recovery_email=ADDRESS)
    await student.confirm((await post.one()).token(CONFIRM))
    answer = await maria.ask_for_usernames(f" {ADDRESS.upper()} ".strip())
    assert answer.status_code == 202
    mail = await post.one()
    assert mail.to == ADDRESS
    people = {person.username: person for person in (maria, rosa, student)}
    assert sorted(mail.usernames) == sorted(people)
    assert "Zed" not in mail.everything, "no mail names a child"
    for username, token in zip(mail.usernames, mail.tokens(), strict=True):
        person = people[username]
        assert (await person.reset(token, f"{NEW_PASSWORD} {username}")).status_code == 204
        assert await person.signs_in_with(f"{NEW_PASSWORD} {username}")


async def test_only_accounts_that_can_use_it_are_listed(
    server: Server, office: Office, maria: Owner, post: Post
) -> None:
    """Not those whose address waits, not those switched off, none of another district."""
    waiting = await new_owner(office, post, "Rosa Diaz", address=None)
    await waiting.set_address(ADDRESS)
    await post.deliver()
    shut = await new_owner(office, post, "Dan Shut")
    await office.disable(shut)
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    otto = await new_owner(wake, post, "Otto Young")
    await maria.ask_for_usernames(ADDRESS)
    assert (await post.one()).usernames == [maria.username]
    await otto.ask_for_usernames(ADDRESS)
    assert (await post.one()).usernames == [otto.username]


async def test_d32_a_mail_goes_to_the_address_that_was_confirmed(office: Office, maria: Owner, post: Post) -> None:
    """Two mailboxes whose names only look alike, or are equal after folding, are two owners'."""
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa.strasse@mail.example.org")
    other = await new_owner(office, post, "Rosi Diaz", address="rosa.straße@mail.example.org")
    for asked in ("rosa.strasse@mail.example.org", "rosa.straße@mail.example.org", "ROSA.STRASSE@mail.example.org"):
        await maria.ask_for_usernames(asked)
        for mail in await post.deliver():
            own = rosa if mail.to == "rosa.strasse@mail.example.org" else other
            assert mail.usernames == [own.username]
            assert len(mail.tokens()) == 1


async def test_the_sixth_of_a_day_is_refused_until_midnight(maria: Owner, post: Post, clock: ManualClock) -> None:
    """For an address that nobody has as for any other. In Georgia it is eight in the morning."""
    for address in (ADDRESS, NOBODYS):
        for _ in range(MAILS_A_DAY):
            assert (await maria.ask_for_usernames(address)).status_code == 202
        for spelling in (address, address.upper()):
            answer = await maria.ask_for_usernames(spelling)
            assert refused(answer) == (429, "daily_limit_reached")
            assert answer.headers["retry-after"] == str(16 * 3600)
            assert answer.json()["retry_after"] == 16 * 3600
    assert len(await post.deliver()) == MAILS_A_DAY
    clock.advance(timedelta(hours=15, minutes=59, seconds=59))
    answer = await maria.ask_for_usernames(ADDRESS)
    assert answer.headers["retry-after"] == "1"
    clock.advance(timedelta(seconds=1))
    assert (await maria.ask_for_usernames(ADDRESS)).status_code == 202
    assert len(await post.deliver()) == 1


@pytest.mark.parametrize(
    ("half_past_midnight", "hours_left"),
    [
        (datetime(2026, 11, 1, 4, 30, tzinfo=UTC), 24.5),
        (datetime(2027, 3, 14, 5, 30, tzinfo=UTC), 22.5),
        (datetime(2027, 3, 15, 4, 30, tzinfo=UTC), 23.5),
    ],
    ids=["a day of 25 hours", "a day of 23 hours", "any other day"],
)
async def test_a_day_is_as_long_as_the_districts_clocks_say(
    office: Office, post: Post, clock: ManualClock, half_past_midnight: datetime, hours_left: float
) -> None:
    clock.moment = half_past_midnight
    anybody = Owner.of(await office.parent(), post)
    for _ in range(MAILS_A_DAY):
        await anybody.ask_for_usernames(NOBODYS)
    answer = await anybody.ask_for_usernames(NOBODYS)
    assert answer.headers["retry-after"] == str(int(hours_left * 3600))
    clock.advance(timedelta(hours=hours_left, seconds=-1))
    assert refused(await anybody.ask_for_usernames(NOBODYS)) == (429, "daily_limit_reached")
    clock.advance(timedelta(seconds=1))
    assert (await anybody.ask_for_usernames(NOBODYS)).status_code == 202


async def test_each_district_counts_its_own_day(server: Server, maria: Owner) -> None:
    await server.campus.district_office.add(
        district_id="maui", name="Maui Schools", state="HI", timezone="Pacific/Honolulu", city="Wailuku"
    )
    for _ in range(MAILS_A_DAY):
        await maria.ask_for_usernames(NOBODYS)
    for _ in range(MAILS_A_DAY):
        assert (await maria.ask_for_usernames(NOBODYS, district="maui")).status_code == 202
    answer = await maria.ask_for_usernames(NOBODYS, district="maui")
    assert answer.headers["retry-after"] == str(22 * 3600)


async def test_a_wrong_district_and_a_closed_feature_are_public_facts(office: Office, maria: Owner, post: Post) -> None:
    assert refused(await maria.ask_for_usernames(ADDRESS, district="nowhere")) == (404, "district_not_found")
    await office.set("features.username_recovery=false")
    assert refused(await maria.ask_for_usernames(ADDRESS)) == (403, "feature_disabled")
    await office.set("features.username_recovery=true", "maintenance_until=2026-08-03T12:10:00Z")
    assert refused(await maria.ask_for_usernames(ADDRESS)) == (503, "maintenance")
    await office.set("maintenance_until=")
    for _ in range(MAILS_A_DAY):
        assert (await maria.ask_for_usernames(ADDRESS)).status_code == 202
    assert len(await post.deliver()) == MAILS_A_DAY


async def test_an_account_stays_open_unless_its_district_wants_otherwise(maria: Owner) -> None:
    for _ in range(MAILS_A_DAY + 2):
        await maria.ask_for_usernames(ADDRESS)
    assert await maria.signs_in_with(maria.password)


async def test_d11_a_district_may_shut_the_account_until_midnight(
    office: Office, maria: Owner, post: Post, clock: ManualClock
) -> None:
    """Only a right password learns of it; who is signed in stays so; the link in the mail still opens."""
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    await office.set("username_recovery.lockout=account")
    for _ in range(MAILS_A_DAY):
        await maria.ask_for_usernames(ADDRESS)
    token = (await post.deliver())[-1].token()
    assert await maria.signs_in_with(maria.password), "five are allowed"
    assert refused(await maria.ask_for_usernames(ADDRESS)) == (429, "daily_limit_reached")
    answer = await maria.on_another_device().sign_in()
    assert refused(answer) == (403, "account_locked")
    assert answer.json()["reason"] == "recovery_lockout"
    wrong = await maria.on_another_device().sign_in(password="a guess")
    assert refused(wrong) == (401, "invalid_credentials")
    assert await maria.is_signed_in()
    assert await rosa.signs_in_with(rosa.password)
    assert (await maria.check(token)).status_code == 200
    assert (await maria.reset(token)).status_code == 204
    assert refused(await maria.on_another_device().sign_in()) == (403, "account_locked")
    clock.advance(timedelta(hours=16))
    assert await maria.signs_in_with(NEW_PASSWORD)
