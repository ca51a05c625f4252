"""A key goes by mail to the address on record in the roster, and to nobody else."""

import re
from collections import Counter
from datetime import timedelta

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.portals import Portal
from app.settings import Settings
from tests.conftest import SECRET_KEY
from tests.office.keys import KEYS, batch, families, give_address, keys_of, live, order, states
from tests.office.trail import written
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, refused
from tests.support.recovery import Mail, Post, posting

HOME = "maria@home.example"
_LINK = re.compile(r"(https?://\S+)/activate\?district=(\S+)#key=(\S+)")
_TYPED = re.compile(r"^(?:[2-9A-Z]{5}-){4}[2-9A-Z]{5}$", re.MULTILINE)


def key_in(mail: Mail) -> str:
    """The same in the link and for typing, in both parts."""
    (link,) = {found[3] for found in _LINK.finditer(mail.everything.replace('"', " ").replace("<", " "))}
    (typed,) = _TYPED.findall(mail.text)
    assert link == typed
    return str(typed)


async def test_the_mail_carries_a_key_that_activates(office: Office, maria: User, hugo: User, post: Post) -> None:
    await give_address(office, HOME, maria.person_id)
    await office.set("portal_url=https://portal.jackson.example")
    answer = await order(hugo, maria.person_id, "email")
    assert (answer.status_code, "activation_key" in answer.json()) == (201, False)
    (mail,) = await post.deliver()
    assert mail.to == HOME
    assert f"https://portal.jackson.example/activate?district={office.district}#key=" in mail.text
    assert "Hello Maria," in mail.text
    maria.key = key_in(mail)
    assert (await maria.activate()).status_code == 201
    assert await states(hugo, maria.person_id) == ["revoked", "used"]
    (issued,) = await written(office, "office:key:issued")
    assert issued.data["channel"] == "email"
    assert issued.data["photo_id_checked"] is False


async def test_without_an_address_nothing_changes(office: Office, maria: User, hugo: User, post: Post) -> None:
    for address in (None, ""):
        await give_address(office, address, maria.person_id)
        assert refused(await order(hugo, maria.person_id, "email")) == (409, "no_address")
    assert (await maria.verify()).status_code == 200
    assert (await post.deliver(), await written(office, "office:key:issued")) == ([], [])


async def test_a_key_that_opens_nothing_any_more_is_not_mailed(office: Office, hugo: User, post: Post) -> None:
    """Replaced, revoked, its person shut out or the account switched off, while the mail waits."""
    replaced, revoked, shut, off = [await office.parent(f"{name} Lopez") for name in ("Ria", "Rob", "Sue", "Olaf")]
    await off.activate()
    await give_address(office, HOME, *(parent.person_id for parent in (replaced, revoked, shut, off)))
    for parent in (replaced, revoked, shut, off):
        assert (await order(hugo, parent.person_id, "email")).status_code == 201
    await order(hugo, replaced.person_id)
    (key,) = await keys_of(hugo, person_id=str(revoked.person_id), state="live")
    await hugo.ask("DELETE", f"{KEYS}/{key['id']}")
    await office.take_portal_away(shut)
    await office.disable(off)
    assert await post.deliver() == []
    assert await post.outcomes() == Counter(superseded=4)


async def test_it_goes_to_the_address_that_the_roster_has_when_it_leaves(
    office: Office, maria: User, hugo: User, post: Post
) -> None:
    await give_address(office, HOME, maria.person_id)
    await order(hugo, maria.person_id, "email")
    await give_address(office, "maria@new.example", maria.person_id)
    assert [mail.to for mail in await post.deliver()] == ["maria@new.example"]
    await order(hugo, maria.person_id, "email")
    await give_address(office, None, maria.person_id)
    assert await post.deliver() == []
    assert await post.outcomes() == Counter(sent=1, nobody=1)


async def test_an_address_gets_five_keys_a_day(
    office: Office, hugo: User, dana: User, post: Post, clock: ManualClock
) -> None:
    parents = await families(office, 7)
    await give_address(office, "office@school.example", *parents)
    answers = [await order(hugo, parent, "email") for parent in parents[:6]]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert refused(answers[-1]) == (429, "daily_limit_reached")
    assert await live(office, parents[5]) == 0
    assert (await batch(dana, channel="email")).json()["limited"] == 2
    assert len(await post.deliver()) == 5
    clock.advance(timedelta(seconds=int(answers[-1].headers["retry-after"])))
    tomorrow = await at_desk(office, name="Dora Reed")
    report = (await batch(tomorrow, channel="email")).json()
    assert (report["issued"], report["left"], report["limited"]) == (2, 0, 0)
    assert {mail.to for mail in await post.deliver()} == {"office@school.example"}


async def test_no_mail_names_a_child(office: Office, hugo: User, post: Post) -> None:
    ana = await office.student("Ana Lopez")
    await give_address(office, "ana@school.example", ana)
    await order(hugo, ana, "email")
    (mail,) = await post.deliver()
    assert "Ana" not in mail.everything
    assert (await office.visitor(ana, key_in(mail), Portal.STUDENT).activate()).status_code == 201


async def test_a_mail_that_waited_while_secret_keys_were_rotated_carries_the_key_that_was_issued(
    office: Office, maria: User, hugo: User, settings: Settings, clock: ManualClock
) -> None:
    await give_address(office, HOME, maria.person_id)
    await order(hugo, maria.person_id, "email")
    new_key = "another-key-for-tests-that-is-newer-0123456789"
    rotated = Settings.model_validate({**settings.model_dump(), "secret_keys": [new_key, SECRET_KEY]})
    sender = MemorySender()
    async with posting(rotated, clock, sender) as server:
        (mail,) = await Post(server, sender.messages).deliver()
        key = key_in(mail)
        assert (await Office(server, office.district).visitor(maria.person_id, key).verify()).status_code == 200


async def test_a_mail_whose_secret_key_is_gone_is_not_sent(
    office: Office, maria: User, hugo: User, settings: Settings, clock: ManualClock
) -> None:
    await give_address(office, HOME, maria.person_id)
    await order(hugo, maria.person_id, "email")
    lost = Settings.model_validate(
        {**settings.model_dump(), "secret_keys": ["a-key-that-knows-nothing-of-before-012345"]}
    )
    sender = MemorySender()
    async with posting(lost, clock, sender) as server:
        post = Post(server, sender.messages)
        assert (await post.deliver(), await post.outcomes()) == ([], Counter(superseded=1))
