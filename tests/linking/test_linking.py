"""A parent links the accounts that she has in several districts, and takes them apart again."""

import re
from datetime import timedelta

from app.clock import ManualClock
from app.models import LinkCode
from tests.linking.families import Login, Region, link, reset_by_mail
from tests.support.portal import refused
from tests.support.recovery import DISPUTE

WRONG = (404, "link_code_invalid")
EXPIRED = (410, "link_code_expired")
LIFETIME = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
ADDRESS = "maria@mail.example.org"


async def test_a_code_of_one_district_is_typed_in_the_other(region: Region, clock: ManualClock) -> None:
    """Across states, and each sees the other."""
    wake, kent = await region.family("wake", "kent")
    shown = (await wake.ask("POST", "/districts/link/codes")).json()
    assert shown["expires_at"] == (clock.now() + LIFETIME).isoformat().replace("+00:00", "Z")
    answer = await kent.redeem(shown["code"])
    assert answer.status_code == 201
    assert answer.json() == await kent.links()
    assert (await wake.links())["accounts"] == [(await kent.me()).json()]
    assert (await kent.links())["accounts"] == [(await wake.me()).json()]
    assert await region.groups() == {frozenset({wake.account_id, kent.account_id})}


async def test_case_dashes_and_spaces_are_forgiven(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    for typed in (str.lower, lambda code: code.replace("-", ""), lambda code: f" {code[:2]} {code[2:]} "):
        assert (await kent.redeem(typed(await wake.show_code()))).status_code == 201
        assert (await kent.unlink(wake)).status_code == 204


async def test_a_code_works_once(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    code = await wake.show_code()
    assert (await kent.redeem(code)).status_code == 201
    assert refused(await kent.redeem(code)) == WRONG
    assert refused(await sussex.redeem(code)) == WRONG


async def test_a_code_lives_for_ten_minutes_though_nothing_cleans_up(region: Region, clock: ManualClock) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    code, other = await wake.show_code(), await wake.show_code()
    clock.advance(LIFETIME - SECOND)
    assert (await kent.redeem(code)).status_code == 201
    clock.advance(2 * SECOND)
    await sussex.refresh()
    assert refused(await sussex.redeem(other)) == EXPIRED


async def test_five_codes_are_live_and_the_sixth_ends_the_oldest(region: Region, clock: ManualClock) -> None:
    wake, kent = await region.family("wake", "kent")
    codes = []
    for _ in range(6):
        codes.append(await wake.show_code())
        clock.advance(SECOND)
    assert refused(await kent.redeem(codes[0])) == EXPIRED
    for code in codes[1:]:
        assert (await kent.redeem(code)).status_code == 201
        assert (await kent.unlink(wake)).status_code == 204


async def test_d35_no_refusal_uses_a_code_up_or_tells_whose_it_is(region: Region) -> None:
    """Of another portal, of the same district, from where nobody may link: the code stays good for whom it was meant."""
    wake, kent = await region.family("wake", "kent")
    code = await wake.show_code()
    for stranger, refusal in (
        (await region.parent("wake"), (409, "same_district")),
        (await region.student("kent"), (409, "portal_mismatch")),
        (await region.parent("jackson"), (403, "linking_not_available")),
    ):
        answer = await stranger.redeem(code)
        assert refused(answer) == refusal
        assert not any(secret in answer.text for secret in (wake.username, wake.account_id, "Maria", "Lopez", code))
    assert (await kent.redeem(code)).status_code == 201


async def test_accounts_that_are_linked_already(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    code = await wake.show_code()
    for again in (kent, sussex):
        assert refused(await again.redeem(code)) == (409, "already_linked")
    assert refused(await wake.redeem(code)) == (409, "same_district"), "one's own code"


async def test_a_group_has_one_account_of_a_district_however_it_grows(region: Region) -> None:
    """Through a third account neither: kent knows one of wake, so none of its friends may be another of wake."""
    wake, kent, durham, sussex = await region.family("wake", "kent", "durham", "sussex")
    other_wake = await region.parent("wake")
    await link(wake, kent)
    await link(other_wake, durham)
    assert refused(await other_wake.redeem(await kent.show_code())) == (409, "same_district")
    assert refused(await durham.redeem(await kent.show_code())) == (409, "same_district")
    assert refused(await kent.redeem(await durham.show_code())) == (409, "same_district")
    await link(kent, sussex)
    assert await region.groups() == {ids(wake, kent, sussex), ids(other_wake, durham)}


async def test_groups_merge(region: Region) -> None:
    wake, durham, kent, sussex = await region.family("wake", "durham", "kent", "sussex")
    await link(wake, durham)
    await link(kent, sussex)
    await link(durham, kent)
    assert await region.groups() == {ids(wake, durham, kent, sussex)}
    assert await wake.linked_with() == ["durham", "kent", "sussex"]


async def test_linking_is_off_where_the_state_does_not_have_it(region: Region) -> None:
    wake, jackson = await region.family("wake", "jackson")
    shown = await jackson.links()
    assert (shown["available"], shown["reason"]) == (False, "state_not_enabled")
    assert refused(await jackson.ask("POST", "/districts/link/codes")) == (403, "linking_not_available")
    assert refused(await jackson.redeem(await wake.show_code())) == (403, "linking_not_available")
    assert "reason" not in await wake.links()


async def test_a_district_may_switch_linking_off(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    code = await kent.show_code()
    await kent.office.set("features.linking=false")
    shown = await kent.links()
    assert (shown["available"], shown["reason"]) == (False, "switched_off")
    assert refused(await kent.ask("POST", "/districts/link/codes")) == (403, "linking_not_available")
    assert refused(await wake.redeem(code)) == (403, "linking_not_available"), "the code was shown before"
    await kent.office.set("features.linking=true")
    assert (await wake.redeem(code)).status_code == 201


async def test_links_do_not_count_while_either_district_has_linking_off(region: Region) -> None:
    """Nobody is taken out: switched on again, everything is as before."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    await kent.office.set("features.linking=false")
    assert await wake.linked_with() == ["sussex"]
    assert await kent.linked_with() == []
    await kent.office.set("features.linking=true")
    assert await wake.linked_with() == ["kent", "sussex"]


async def test_codes_and_their_use_want_a_sign_in_of_the_last_quarter_of_an_hour(
    region: Region, clock: ManualClock
) -> None:
    wake, kent = await region.family("wake", "kent")
    clock.advance(timedelta(minutes=15) - SECOND)
    await wake.refresh()
    code = await wake.show_code()
    clock.advance(2 * SECOND)
    await kent.refresh()
    assert refused(await wake.ask("POST", "/districts/link/codes")) == (401, "sign_in_again")
    assert refused(await kent.redeem(code)) == (401, "sign_in_again")
    assert (await (await kent.again()).redeem(code)).status_code == 201
    assert (await wake.unlink(kent)).status_code == 204, "to end a link is always allowed"


async def test_d24_a_switched_session_links_and_confirms_nothing(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    there = await wake.switched_to(kent)
    assert refused(await there.ask("POST", "/districts/link/codes")) == (401, "sign_in_again")
    assert refused(await there.redeem(await sussex.show_code())) == (401, "sign_in_again")
    assert refused(await there.confirm_links()) == (401, "sign_in_again")


async def test_ten_wrong_codes_an_hour(region: Region, clock: ManualClock) -> None:
    """Right ones do not count, the eleventh is not even looked at, and others are not concerned."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    for _ in range(3):
        await link(wake, kent)
        await kent.unlink(wake)
    for number in range(10):
        assert refused(await kent.redeem(f"WRNG-{number:04}")) == WRONG
    answer = await kent.redeem(await wake.show_code())
    assert refused(answer) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 3_600
    await link(wake, sussex)
    clock.advance(timedelta(hours=1))
    await link(await wake.again(), await kent.again())


async def test_unlinking_takes_one_out_and_leaves_the_others_together(region: Region) -> None:
    wake, kent, sussex, stranger = await region.family("wake", "kent", "sussex", "durham")
    await link(wake, kent)
    await link(kent, sussex)
    assert refused(await stranger.unlink(wake)) == (404, "not_found")
    assert refused(await wake.unlink(stranger)) == (404, "not_found")
    assert (await wake.unlink(kent)).status_code == 204
    assert await region.groups() == {ids(wake, sussex)}
    assert refused(await wake.unlink(kent)) == (404, "not_found")
    assert (await wake.unlink(wake)).status_code == 204, "oneself"
    assert await region.groups() == set(), "a group of one is none"
    await link(kent, wake)


async def test_d35_both_sides_are_told_and_each_can_end_it(region: Region) -> None:
    wake, kent = await region.family("wake", "kent", address=ADDRESS)
    for ends, other in ((wake, kent), (kent, wake)):
        await region.post.deliver()
        await link(wake, kent)
        both = [f"kent+{ADDRESS}", f"wake+{ADDRESS}"]
        assert await region.notices("accounts_linked") == both
        assert sorted(mail.to for mail in await region.post.deliver()) == both
        assert (await ends.unlink(other)).status_code == 204
        assert await region.notices("accounts_unlinked") == both
        assert await region.groups() == set()


async def test_a_new_key_takes_an_account_out_and_the_others_see_it(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    wake.key = await wake.office.reset(wake)
    assert (await wake.activate()).status_code == 201
    for login in (wake, kent):
        activity = (await login.ask("GET", "/me/activity")).json()["items"]
        assert "unlinked" in [item["kind"] for item in activity]
        assert await login.linked_with() == []


async def test_who_did_not_link_disputes_it_with_the_mail(region: Region) -> None:
    """Then the links wait, whoever has switched here is out, and nobody gets back by switching."""
    wake, kent = await region.family("wake", "kent", address=ADDRESS)
    await region.post.deliver()
    await link(wake, kent)
    there = await wake.switched_to(kent)
    (mail,) = [mail for mail in await region.post.deliver() if mail.to.startswith("kent")]
    assert (await kent.dispute(mail.token(DISPUTE))).status_code == 204
    assert await there.is_refused_everywhere()
    assert refused(await wake.switch_to(kent)) == (404, "not_found")
    assert await wake.linked_with() == []


async def test_a_request_that_is_repeated_under_its_key_gets_its_answer_again(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    key = {"Idempotency-Key": "c9b8a1f0-5f0e-4f43-a7f6-8b1f0d5c9a11"}
    code = await wake.show_code()
    assert refused(await kent.redeem("WRNG-CODE", key)) == WRONG
    first, again = await kent.redeem(code, key), await kent.redeem(code.lower(), key)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, await kent.links())
    other = await sussex.show_code()
    assert refused(await kent.redeem(other, key)) == (422, "idempotency_key_reused")
    assert refused(await sussex.redeem(code, key)) == (422, "idempotency_key_reused"), "another account's key"


async def test_d34_codes_rest_as_keyed_digests(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    shown = await wake.show_code()
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", shown)
    code = shown.replace("-", "")
    stored = await region.everything_in(LinkCode)
    assert wake.server.campus.digests.digest("link-code", code) in stored
    assert code not in stored
    assert (await kent.redeem(code)).status_code == 201


async def test_a_reset_by_mail_suspends_the_links_until_the_owner_confirms_them(
    region: Region, clock: ManualClock
) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex", address=ADDRESS)
    await link(wake, kent)
    await link(kent, sussex)
    await reset_by_mail(kent)
    kent = await kent.again()
    assert "confirm_links" in kent.session["next_steps"]
    shown = await kent.links()
    assert (shown["needs_confirmation"], shown["accounts"]) == (True, [])
    assert await wake.linked_with() == ["sussex"], "the others keep each other"
    assert refused(await kent.switch_to(wake)) == (404, "not_found")
    clock.advance(timedelta(minutes=16))
    await kent.refresh()
    assert refused(await kent.confirm_links()) == (401, "sign_in_again")
    kent = await kent.again()
    assert (await kent.confirm_links()).status_code == 204
    assert (await kent.links())["needs_confirmation"] is False
    assert await kent.linked_with() == ["sussex", "wake"]
    assert "confirm_links" not in await kent.next_steps()
    await wake.refresh()
    assert (await wake.switch_to(kent)).status_code == 200
    assert (await kent.confirm_links()).status_code == 204, "once more changes nothing"


async def test_whose_links_are_suspended_brings_nobody_into_the_group(region: Region) -> None:
    """Else who stole the mailbox would reach the others through a third account, without confirming anything."""
    wake, kent, thief = await region.family("wake", "kent", "sussex", address=ADDRESS)
    await link(wake, kent)
    await reset_by_mail(kent)
    kent = await kent.again()
    assert refused(await kent.ask("POST", "/districts/link/codes")) == (403, "links_suspended")
    assert refused(await kent.redeem(await thief.show_code())) == (403, "links_suspended")
    assert "wake" not in await thief.linked_with()
    assert "sussex" not in await wake.linked_with()
    assert refused(await thief.switch_to(wake)) == (404, "not_found")


async def test_a_reset_by_the_office_suspends_and_the_new_key_drops_the_link(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    kent.key = await kent.office.reset(kent)
    assert await wake.linked_with() == ["sussex"]
    assert refused(await wake.switch_to(kent)) == (404, "not_found")
    assert (await kent.activate()).status_code == 201
    assert (await kent.links())["needs_confirmation"] is False
    assert await region.groups() == {ids(wake, sussex)}


async def test_d25_codes_of_accounts_that_may_not_be_used_are_not_known(region: Region) -> None:
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    codes = [await each.show_code() for each in (kent, sussex)]
    await kent.office.disable(kent)
    await sussex.office.take_portal_away(sussex)
    for code in codes:
        assert refused(await wake.redeem(code)) == WRONG


async def test_a_new_key_ends_the_codes_that_were_shown_before(region: Region) -> None:
    """Whoever starts the account over is somebody else, perhaps; so is whoever resets it."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex", address=ADDRESS)
    of_kent, of_sussex = await kent.show_code(), await sussex.show_code()
    kent.key = await kent.office.key_for(kent.person_id, kent.portal)
    assert (await kent.activate()).status_code == 201
    await reset_by_mail(sussex)
    for code in (of_kent, of_sussex):
        assert refused(await wake.redeem(code)) in {WRONG, EXPIRED}


async def test_a_disabled_account_is_not_seen_and_comes_back_when_it_is_enabled(region: Region) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await kent.office.disable(kent)
    assert await wake.linked_with() == []
    assert refused(await wake.switch_to(kent)) == (404, "not_found")
    await kent.office.enable(kent)
    assert await wake.linked_with() == ["kent"]


def ids(*logins: Login) -> frozenset[str]:
    return frozenset(login.account_id for login in logins)
