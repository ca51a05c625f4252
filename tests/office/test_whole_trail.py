"""A whole life of an account: everything that happened to it is in the trail, once, and nothing that names anybody."""

from app.services.sign_in_ladder import WAIT_AFTER
from tests.linking.families import Login, Region, link
from tests.office.trail import events, everything, tags
from tests.support.desk import at_desk
from tests.support.portal import User, refused
from tests.support.recovery import DISPUTE, Post

MARK = "quixote"
"""In every name, address, password and code that somebody types."""
PASSWORD, NEW_PASSWORD, NEWEST_PASSWORD = (f"{MARK} meadow {number}" for number in (1, 2, 3))
ADDRESS, NEW_ADDRESS = f"{MARK}@mail.example.org", f"{MARK}.two@mail.example.org"
LIFE = [
    "api:account:activated", "api:session:started",
    "api:account:recovery_email_set", "api:account:recovery_email_confirmed",
    *["api:session:refused"] * WAIT_AFTER, "operator:account:unlocked", "api:session:started",
    "api:account:link_code_refused", "api:account:link_code_shown", "api:account:linked", "api:account:unlinked",
    "api:account:current_password_refused", "api:account:password_changed",
    "api:account:recovery_email_set", "api:account:recovery_email_code_refused",
    "worker:account:reset_link_made", "api:account:password_reset", "api:session:started",
    "operator:account:signed_out", "api:session:refused", "api:session:started",
    "operator:account:disabled", "api:session:refused", "operator:account:enabled", "api:session:started", "api:session:ended",
    "api:account:disputed", "worker:account:reset_link_made",
    "operator:account:reset", "api:account:activated", "api:session:started",
]  # fmt: skip


async def test_a_whole_life_is_in_the_trail_and_nobodys_name(region: Region, post: Post) -> None:
    office = await region.office("wake")
    dana = await at_desk(office)
    await office.set("captcha.threshold=20")
    user = await office.parent(f"{MARK.title()} Lopez", children=[f"Ana {MARK.title()}"])
    user.username, user.password, first_key = f"{MARK}26", PASSWORD, user.key
    maria = await region.join(user)
    await maria.own_address(ADDRESS)
    await guess_until_locked(maria)
    await office.unlock(maria)
    await maria.sign_in()
    other = await region.parent("kent")
    assert refused(await maria.redeem("WRNG-WRNG")) == (404, "link_code_invalid")
    await link(maria, other)
    await maria.unlink(other)
    await change_what_belongs_to_her(maria)
    token = await get_back_in(maria, post)
    await lose_and_regain(maria)
    assert (await maria.dispute(token)).status_code == 204
    await post.deliver()
    maria.key = await office.reset(maria)
    assert (await maria.activate()).status_code == 201
    found = await tags(dana, account_id=maria.account_id)
    assert [tag for tag in found if ":key" not in tag] == LIFE
    by_person = await tags(dana, person_id=str(maria.person_id))
    assert [tag for tag in by_person if ":key" not in tag] == LIFE
    assert [tag for tag in by_person if ":key" in tag], "issued before there was an account"
    await no_word_is_repeated(dana, maria, post, [first_key, maria.key, token])


async def guess_until_locked(maria: Login) -> None:
    for number in range(WAIT_AFTER):
        answer = await maria.on_another_device().sign_in(password=f"{MARK} guess {number}")
        assert refused(answer) == (401, "invalid_credentials")
    assert refused(await maria.on_another_device().sign_in()) == (429, "too_many_attempts")


async def change_what_belongs_to_her(maria: Login) -> None:
    assert refused(await maria.change_password(current_password=f"{MARK} wrong")) == (403, "current_password_wrong")
    maria.password = PASSWORD
    assert (await maria.change_password(NEW_PASSWORD)).status_code == 204
    assert (await maria.set_address(NEW_ADDRESS)).status_code == 202
    assert refused(await maria.confirm_in_app(code="WRNG-WRNG")) == (403, "code_wrong")


async def get_back_in(maria: Login, post: Post) -> str:
    """Gives the token with which she can dispute the new password."""
    await post.deliver()
    assert (await maria.reset(await maria.reset_link(), NEWEST_PASSWORD)).status_code == 204
    told = await post.one(DISPUTE)
    assert (await maria.sign_in()).status_code == 200
    return told.token(DISPUTE)


async def lose_and_regain(maria: Login) -> None:
    await maria.office.take_portal_away(maria)
    assert refused(await maria.me()) == (401, "invalid_token")
    assert refused(await maria.sign_in()) == (403, "account_locked")
    await maria.office.give_portal_back(maria)
    await maria.sign_in()
    await maria.office.disable(maria)
    assert refused(await maria.sign_in()) == (403, "account_locked")
    await maria.office.enable(maria)
    await maria.sign_in()
    assert (await maria.sign_out()).status_code == 204


async def no_word_is_repeated(dana: User, maria: Login, post: Post, secrets: list[str]) -> None:
    rows = (await everything(maria.office)).lower()
    assert MARK in repr([mail.everything for mail in post.mails]).lower(), "the mark would be seen"
    for secret in (MARK, "lopez", *secrets, *(secret.replace("-", "") for secret in secrets)):
        assert secret.lower() not in rows
    for event in await events(dana, limit=100):
        assert set(event) <= {"id", "at", "tag", "actor", "account_id", "person_id", "data"}
