"""From when on an address is asked for a CAPTCHA, whatever names it asks about; and what does not count at all."""

from dataclasses import replace
from datetime import timedelta

from app.clock import ManualClock
from app.settings import Settings
from tests.guard.stranger import ASKED, INVALID, NOT_SOLVED, from_address, guess, miss, new_captcha
from tests.support.engines import sqlite_only
from tests.support.hash_pools import no_free_place, quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, User, refused, serving
from tests.support.recovery import Owner

TEN_MINUTES, SECOND = timedelta(minutes=10), timedelta(seconds=1)
SCHOOL, CAFE = "192.0.2.7", "198.51.100.7"


async def guess_names(person: User, count: int, prefix: str = "nobody") -> list[tuple[int, str]]:
    """One wrong password for each of so many names."""
    return [(await guess(person, username=f"{prefix}{number}"))[0] for number in range(count)]


async def test_from_the_31st_miss_of_an_address_on_every_name_wants_a_captcha(maria: Owner) -> None:
    mallory, at_home = from_address(maria, SCHOOL), from_address(maria, CAFE)
    assert await guess_names(mallory, 32) == [INVALID] * 30 + [ASKED] * 2
    assert refused(await mallory.sign_in()) == ASKED
    assert (await at_home.sign_in()).status_code == 200
    assert (await mallory.sign_in(captcha=await new_captcha(maria))).status_code == 200


async def test_the_count_of_an_address_begins_anew_ten_minutes_after_its_first_miss(
    maria: Owner, clock: ManualClock
) -> None:
    mallory = from_address(maria, SCHOOL)
    await guess(mallory)
    clock.advance(TEN_MINUTES - SECOND)
    assert await guess_names(mallory, 30) == [INVALID] * 29 + [ASKED]
    clock.advance(SECOND)
    assert await guess_names(mallory, 31, "somebody") == [INVALID] * 30 + [ASKED]


@sqlite_only
async def test_successes_do_not_count_and_d28_end_no_count_of_others(maria: Owner) -> None:
    library = from_address(maria, SCHOOL)
    for _ in range(31):
        assert (await library.sign_in()).status_code == 200
    assert await guess_names(library, 31) == [INVALID] * 30 + [ASKED]
    assert (await library.sign_in(captcha=await new_captcha(maria))).status_code == 200
    assert refused(await library.sign_in()) == ASKED


@sqlite_only
async def test_a_solved_captcha_does_not_take_a_miss_off_the_count(maria: Owner, clock: ManualClock) -> None:
    mallory = from_address(maria, SCHOOL)
    await guess_names(mallory, 30)
    await miss(mallory, 3, clock)
    assert refused(await mallory.sign_in()) == ASKED


@sqlite_only
async def test_the_network_of_a_school_has_room_for_twenty_times_as_many_in_its_own_district(
    server: Server, office: Office
) -> None:
    await office.set("networks.shared=192.0.2.0/24")
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    for district, last in ((office, INVALID), (wake, ASKED)):
        pupil = from_address(replace(await district.parent(), username="nobody"), SCHOOL)
        assert (await guess_names(pupil, 31))[-1] == last


async def ask_for_mails(person: Owner, count: int, **captcha: object) -> list[int]:
    """Resets and usernames in turn, each of somebody else."""
    answers = [
        await person.ask_for_usernames(f"nobody{number}@mail.example.org", **captcha)
        if number % 2
        else await person.ask_for_reset(username=f"nobody{number}", **captcha)
        for number in range(count)
    ]
    return [answer.status_code if answer.is_success else refused(answer)[0] for answer in answers]


async def test_from_the_21st_request_for_a_mail_an_address_is_asked_reset_and_usernames_together(
    maria: Owner, clock: ManualClock
) -> None:
    mallory = from_address(maria, SCHOOL)
    assert await ask_for_mails(mallory, 22) == [202] * 20 + [403] * 2
    assert refused(await mallory.ask_for_reset()) == refused(await mallory.ask_for_usernames("a@b.example")) == ASKED
    assert (await mallory.ask_for_reset(captcha=await new_captcha(maria, "password_reset"))).status_code == 202
    captcha = await new_captcha(maria, "username_recovery")
    assert refused(await mallory.ask_for_reset(captcha=captcha)) == NOT_SOLVED
    assert (await mallory.ask_for_usernames("a@b.example", captcha=captcha)).status_code == 202
    assert (await mallory.sign_in()).status_code == 200, "signing in is another count"
    clock.advance(TEN_MINUTES)
    assert await ask_for_mails(mallory, 21) == [202] * 20 + [403]


@sqlite_only
async def test_no_subject_is_ever_asked_however_many_ask_for_its_mail(maria: Owner) -> None:
    """Strangers at thirty addresses cannot put a CAPTCHA before a parent; she is sent three mails an hour, as always."""
    for number in range(30):
        assert (await from_address(maria, f"203.0.113.{number}").ask_for_reset()).status_code == 202
    assert (await maria.ask_for_reset()).status_code == 202


async def test_a_restart_forgets_nothing(settings: Settings, maria: Owner, clock: ManualClock) -> None:
    """A new process over the same database: the count of a name, of an address, and which CAPTCHAs were spent."""
    mallory = from_address(maria, SCHOOL)
    await guess_names(mallory, 30)
    await ask_for_mails(mallory, 20)
    await guess(maria, 3)
    captcha = await new_captcha(maria)
    assert await guess(maria, captcha=captcha) == [INVALID]
    async with serving(settings, clock) as restarted:
        with quick_hashes(restarted):
            maria, mallory = replace(maria, server=restarted), from_address(replace(maria, server=restarted), SCHOOL)
            assert await guess(maria) == [ASKED]
            assert await guess(maria, captcha=captcha) == [NOT_SOLVED]
            assert refused(await mallory.sign_in(username="nobody31")) == ASKED
            assert refused(await mallory.ask_for_reset()) == ASKED


async def test_a_try_that_verified_nothing_is_given_back(
    server: Server, office: Office, maria: Owner, clock: ManualClock
) -> None:
    """A body with a mistake, a server that is too busy, a portal that is closed, maintenance: for the name and the address."""
    visitor = from_address(maria, SCHOOL)
    for _ in range(10):
        assert (await visitor.sign_in(birthday="1 May")).status_code == 422
        with no_free_place(server):
            assert refused(await visitor.sign_in()) == (503, "overloaded")
    await office.set("portals=student")
    for _ in range(10):
        assert refused(await visitor.sign_in()) == (403, "feature_disabled")
    await office.set("portals=", "maintenance_until=2026-08-03T13:00:00Z")
    for _ in range(10):
        assert refused(await visitor.sign_in()) == (503, "maintenance")
    clock.moment += timedelta(hours=1)
    assert await guess(visitor, 4) == [INVALID] * 3 + [ASKED]


async def test_a_try_that_verified_nothing_gives_its_captcha_back(server: Server, maria: Owner) -> None:
    """The refusals say that nothing was used up by the attempt."""
    await guess(maria, 3)
    captcha = await new_captcha(maria)
    with no_free_place(server):
        assert refused(await maria.sign_in(captcha=captcha)) == (503, "overloaded")
    assert (await maria.sign_in(captcha=captcha, birthday="1 May")).status_code == 422
    assert (await maria.sign_in(captcha=captcha)).status_code == 200
