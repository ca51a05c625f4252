"""Clerks and parents who do the same thing at the same moment: one key for each person, and none for whoever has an account."""

import asyncio
from collections import Counter

from app.portals import Portal
from app.services.key_mail import MAILS_A_DAY
from tests.office.keys import BATCHES, KEYS, batch, families, give_address, keys_of, live, order, states
from tests.office.trail import written
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User
from tests.support.recovery import Post

ONCE = "8f14e45f-ceea-467f"


async def test_two_clerks_who_issue_to_one_person_leave_one_key_that_opens(
    office: Office, maria: User, hugo: User, dana: User
) -> None:
    answers = await asyncio.gather(*(order(clerk, maria.person_id) for clerk in (hugo, dana) * 4))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert await live(office, maria.person_id) == 1
    opened = [await office.visitor(maria.person_id, answer.json()["activation_key"]).verify() for answer in answers]
    assert Counter(answer.status_code for answer in opened) == Counter({200: 1, 404: 7})


async def test_a_batch_that_is_sent_twice_at_once_is_made_once(office: Office, dana: User) -> None:
    parents = await families(office, 3)
    answers = await asyncio.gather(*(batch(dana, repeat_as=ONCE) for _ in range(6)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    refusals = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert [len(report["keys"]) for report in made if "keys" in report] == [3]
    assert len({report["id"] for report in made}) == 1
    assert refusals <= {"idempotency_in_progress"}
    assert [await live(office, parent) for parent in parents] == [1, 1, 1]
    assert len(await written(office, "office:keys:issued")) == 1


async def test_two_batches_at_once_give_nobody_two_keys(office: Office, dana: User) -> None:
    dora = await at_desk(office, name="Dora Reed")
    parents = await families(office, 5)
    reports = [answer.json() for answer in await asyncio.gather(*(batch(clerk) for clerk in (dana, dora)))]
    printed = [key["person_id"] for report in reports for key in report["keys"]]
    assert sorted(printed) == sorted(str(parent) for parent in parents)
    assert [await live(office, parent) for parent in parents] == [1] * 5


async def test_a_batch_while_a_clerk_issues_one_by_one(office: Office, hugo: User, dana: User) -> None:
    parents = await families(office, 4)
    work = [batch(dana), *(order(hugo, parent) for parent in parents)]
    answers = await asyncio.gather(*work)
    assert [answer.status_code for answer in answers] == [201] * 5
    assert [await live(office, parent) for parent in parents] == [1] * 4


async def test_mails_of_a_batch_and_of_a_clerk_stay_within_the_limit_of_their_address(
    office: Office, hugo: User, dana: User, post: Post
) -> None:
    parents = await families(office, 8)
    await give_address(office, "one@home.example", *parents)
    one_by_one = (order(hugo, parent, "email") for parent in parents[:3])
    answers = await asyncio.gather(*one_by_one, batch(dana, channel="email"))
    assert {answer.status_code for answer in answers} <= {201, 429}
    assert len(await post.deliver()) + (await post.outcomes())["superseded"] == MAILS_A_DAY


async def test_whoever_activates_while_a_batch_is_made_gets_no_letter(office: Office, dana: User) -> None:
    parents = await office.parents(3)
    answers = await asyncio.gather(*(parent.activate() for parent in parents), *(batch(dana) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert [answer.json()["issued"] for answer in answers[3:]] == [0] * 3
    assert [await live(office, parent.person_id) for parent in parents] == [0] * 3


async def test_a_key_that_is_taken_back_while_it_is_used_is_either(office: Office, dana: User) -> None:
    parents = await office.parents(3)
    ids = {key["person"]["id"]: key["id"] for key in await keys_of(dana, portal=Portal.PARENT)}
    revoking = [dana.ask("DELETE", f"{KEYS}/{ids[str(parent.person_id)]}") for parent in parents]
    answers = await asyncio.gather(*(parent.activate() for parent in parents), *revoking)
    for parent, activated, revoked in zip(parents, answers[:3], answers[3:], strict=True):
        told = (activated.status_code == 201, revoked.status_code == 204, await states(dana, parent.person_id))
        assert told in ((True, False, ["used"]), (False, True, ["revoked"]))


async def test_a_batch_that_is_taken_back_twice_at_once_is_counted_once(office: Office, dana: User) -> None:
    await families(office, 4)
    path = f"{BATCHES}/{(await batch(dana)).json()['id']}"
    answers = await asyncio.gather(*(dana.ask("DELETE", path) for _ in range(4)))
    assert sorted(answer.json()["revoked"] for answer in answers) == [0, 0, 0, 4]
