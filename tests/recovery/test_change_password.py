"""A signed-in person chooses a new password."""

from tests.support.office import Office
from tests.support.portal import User, refused
from tests.support.recovery import ADDRESS, DISPUTE, NEW_PASSWORD, Owner, Post, new_owner


async def test_other_sessions_end_and_this_one_stays(maria: Owner) -> None:
    elsewhere = maria.on_another_device()
    await elsewhere.sign_in()
    old_password = maria.password
    assert (await maria.change_password()).status_code == 204
    assert await maria.is_signed_in()
    assert (await maria.refresh()).status_code == 200
    assert refused(await elsewhere.me()) == (401, "invalid_token")
    assert refused(await elsewhere.refresh()) == (401, "invalid_token")
    assert not await maria.signs_in_with(old_password)
    assert await maria.signs_in_with(NEW_PASSWORD)


async def test_the_owner_is_told_and_can_dispute(maria: Owner, post: Post) -> None:
    await maria.change_password()
    notice = await post.one()
    assert notice.to == ADDRESS
    assert notice.leads_to(DISPUTE)
    assert NEW_PASSWORD not in notice.everything


async def test_whoever_has_no_confirmed_address_is_not_told(office: Office, post: Post) -> None:
    maria = await new_owner(office, post, address=None)
    await maria.set_address(ADDRESS)
    await post.deliver()
    assert (await maria.change_password()).status_code == 204
    assert await post.deliver() == []


async def test_nobody_changes_it_without_a_session(maria: Owner) -> None:
    body = {"current_password": maria.password, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert refused(await maria.http.put("/me/password", json=body)) == (401, "not_authenticated")
    await maria.sign_out()
    assert refused(await maria.change_password()) == (401, "invalid_token")
    assert await maria.signs_in_with(maria.password)


async def test_d23_an_id_in_the_body_is_refused(maria: Owner) -> None:
    answer = await maria.change_password(account_id=maria.session["account"]["id"])
    assert refused(answer) == (422, "validation_failed")
    assert await maria.signs_in_with(maria.password)


async def test_another_accounts_password_proves_nothing(office: Office, maria: Owner) -> None:
    rosa: User = await office.parent("Rosa Diaz")
    await rosa.activate(password="Grim canyon 99", password_confirm="Grim canyon 99")
    assert refused(await maria.change_password(current_password="Grim canyon 99")) == (403, "current_password_wrong")
