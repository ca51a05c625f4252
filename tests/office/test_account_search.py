"""One search that answers: why can this parent not get in?"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from app.clock import ManualClock
from app.models import Account, ActivationKey, FailedSignIns, Person, TotpFactor
from app.portals import Portal
from app.services.clerk import StaffRole
from app.services.sign_in_ladder import OFF_AFTER
from tests.guard.stranger import guess_with_captcha
from tests.office.counter import account_of, found, seen, usernames, without_account
from tests.recovery.statements import counting
from tests.support.authenticator import set_up
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, faults
from tests.support.recovery import ADDRESS, Post, new_owner

Trouble = Callable[[Office, User, ManualClock], Awaitable[None]]


async def test_an_account_in_order_is_shown_whole_and_without_secrets(office: Office, post: Post, hugo: User) -> None:
    maria = await new_owner(office, post)
    page = await found(hugo, "lopez maria")
    (item,) = page["items"]
    now = "2026-08-03T12:00:00Z"
    assert await seen(hugo, maria) == item
    assert item == {
        "id": account_of(maria),
        "person": {"id": str(maria.person_id), "first_name": "Maria", "last_name": "Lopez"},
        "portal": "parent",
        "username": maria.username,
        "created_at": now,
        "last_signed_in_at": now,
        "status": "active",
        "reasons": [],
        "ladder": {"step": "free", "tries": 0},
        "totp": {"set_up": False},
        "passkeys": 0,
        "recovery_email": {"address_masked": "m***@m***.org", "confirmed": True},
        "live_sessions": 1,
        "key": {"id": item["key"]["id"], "state": "used", "expires_at": "2026-11-01T12:00:00Z"},
        "relationships": item["relationships"],
        "mails": [
            {
                "kind": "confirm_recovery_email",
                "channel": "mail",
                "state": "sent",
                "created_at": now,
                "finished_at": now,
            }
        ],
        "can_do": ["disable", "reset_mail", "reset_key", "issue_key"],
    }
    students = [(student["first_name"], student["portal"], student["ended"]) for student in item["relationships"]]
    assert students == [("Ana", True, False), ("Ben", True, False)]
    assert page["without_account"] == []


async def test_people_are_found_by_what_they_say_of_themselves(office: Office, post: Post, dana: User) -> None:
    maria = await new_owner(office, post, "María José López-García")
    ana = await office.user(await office.student("Ana Berg", number="0123456"), Portal.STUDENT)
    await ana.activate(username="Ana2026")
    for words in ("maria", "garcia MARIA", "lopez", "jo lo", "López-García, María José", ADDRESS.upper()):
        assert await usernames(dana, words) == [maria.username], words
    for words in (maria.username[:7].upper(), account_of(maria), str(maria.person_id)):
        assert maria.username in await usernames(dana, words), words
    for words in ("0123456", "ana2", "ANA2026", "be an"):
        assert await usernames(dana, words) == ["Ana2026"], words
    for words in ("ria", "aria lopez", "maria berg", "012345", "lopez@mail.example.org", "100%", "_", "'; --"):
        assert await usernames(dana, words) == [], words


async def test_an_address_on_record_and_a_sourced_id_find_people_too(office: Office, maria: User, hugo: User) -> None:
    await maria.activate()
    async with office.campus.database.transaction() as session:
        changed = {"email": "Maria@Home.example.org", "sourced_id": "G-17"}
        await session.execute(update(Person).where(Person.id == maria.person_id).values(**changed))
    assert await usernames(hugo, "maria@home.EXAMPLE.org") == [maria.username]
    assert await usernames(hugo, "G-17") == [maria.username]


async def disabled(office: Office, maria: User, _: ManualClock) -> None:
    await office.disable(maria)


async def reset(office: Office, maria: User, _: ManualClock) -> None:
    await office.reset(maria)


async def portal_flag_off(office: Office, maria: User, _: ManualClock) -> None:
    await office.take_portal_away(maria)


async def left(office: Office, maria: User, _: ManualClock) -> None:
    await office.end(maria.person_id)


async def switched_off_in_roster(office: Office, maria: User, _: ManualClock) -> None:
    async with office.campus.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == maria.person_id).values(enabled=False))


async def guessed_at(_: Office, maria: User, __: ManualClock) -> None:
    for _try in range(3):
        await maria.on_another_device().sign_in(password="Wrong guess 1")
    for _try in range(7):
        await guess_with_captcha(maria)


async def guessed_off(office: Office, maria: User, clock: ManualClock) -> None:
    await guessed_at(office, maria, clock)
    async with office.campus.database.transaction() as session:
        await session.execute(update(FailedSignIns).values(tries=OFF_AFTER))


async def asked_too_often(office: Office, maria: User, _: ManualClock) -> None:
    await office.set("username_recovery.lockout=account")
    async with office.campus.database.transaction() as session:
        own = {"recovery_email": ADDRESS, "recovery_email_folded": ADDRESS}
        await session.execute(update(Account).where(Account.person_id == maria.person_id).values(**own))
    for _try in range(6):
        await maria.http.post("/username-recovery", json={"district": maria.district, "email": ADDRESS})


async def portal_closed(office: Office, _: User, __: ManualClock) -> None:
    await office.set("portals=student")


async def maintained(office: Office, _: User, clock: ManualClock) -> None:
    await office.set(f"maintenance_until={(clock.now() + timedelta(days=9)).isoformat()}")


async def wrong_codes(office: Office, maria: User, clock: ManualClock) -> None:
    await set_up(maria)
    until = clock.now() + timedelta(minutes=5)
    async with office.campus.database.transaction() as session:
        mine = TotpFactor.account_id == UUID(account_of(maria))
        await session.execute(update(TotpFactor).where(mine).values(misses=5, wait_until=until))


TROUBLES: dict[Trouble, tuple[str, str, set[str]]] = {
    disabled: ("disabled", "disabled", {"enable"}),
    reset: ("no_password", "no_password", {"reset_key", "issue_key"}),
    portal_flag_off: ("no_access", "no_portal_access", {"set_portal_flag"}),
    left: ("no_access", "left_roster", {"disable"}),
    switched_off_in_roster: ("no_access", "switched_off_in_roster", {"disable"}),
    guessed_at: ("locked", "waiting", {"unlock"}),
    guessed_off: ("locked", "password_off", {"unlock"}),
    asked_too_often: ("locked", "recovery_lockout", {"reset_mail"}),
    wrong_codes: ("locked", "totp_waiting", {"replace_totp"}),
    portal_closed: ("active", "portal_closed", {"disable"}),
    maintained: ("active", "maintenance", {"disable"}),
}


@pytest.mark.parametrize("trouble", TROUBLES, ids=[trouble.__name__ for trouble in TROUBLES])
async def test_the_reason_is_named_and_what_helps(
    office: Office, maria: User, dana: User, clock: ManualClock, trouble: Trouble
) -> None:
    await maria.activate()
    await trouble(office, maria, clock)
    status, reason, helps = TROUBLES[trouble]
    item = await seen(dana, maria)
    assert (item["status"], item["reasons"]) == (status, [reason])
    assert helps <= set(item["can_do"])
    assert not (await maria.on_another_device().sign_in()).is_success, "the search tells the truth"


async def test_several_reasons_are_all_told(office: Office, maria: User, hugo: User, clock: ManualClock) -> None:
    await maria.activate()
    for trouble in (disabled, reset, guessed_at, left):
        await trouble(office, maria, clock)
    assert (await seen(hugo, maria))["reasons"] == ["disabled", "left_roster", "no_password", "waiting"]


async def test_whoever_has_no_account_is_found_with_the_reason(office: Office, maria: User, clock: ManualClock) -> None:
    """All of them are Lopez; none has ever signed in."""
    ana = await office.student("Ana Lopez")
    await office.guardian("Nora Lopez", [ana])
    await office.guardian("Nils Lopez", [])
    revoked = await office.guardian("Rita Lopez", [ana])
    await office.user(await office.guardian("Emil Lopez", [ana]), Portal.PARENT)
    await office.end(await office.guardian("Gero Lopez", [ana]))
    clock.advance(timedelta(days=91))
    await office.user(revoked, Portal.PARENT)
    await _revoke(office, revoked)
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    desk = await at_desk(office, StaffRole.DISTRICT_ADMIN, name="Ines Roy")
    assert await without_account(desk, "lopez", portal="parent") == {
        ("Maria", "parent"): "never_activated",
        ("Nora", "parent"): "no_key",
        ("Nils", "parent"): "no_portal_access",
        ("Rita", "parent"): "key_revoked",
        ("Emil", "parent"): "key_expired",
        ("Gero", "parent"): "left_roster",
    }
    await maria.activate()
    assert ("Maria", "parent") not in await without_account(desk, "lopez")
    assert ("Ana", "student") in await without_account(desk, "lopez")


async def _revoke(office: Office, person: UUID) -> None:
    async with office.campus.database.transaction() as session:
        mine = ActivationKey.person_id == person
        await session.execute(update(ActivationKey).where(mine).values(revoked_at=office.campus.clock.now()))


async def test_who_has_no_account_can_be_helped_as_far_as_the_clerk_may(office: Office, dana: User) -> None:
    await office.parent()
    hugo = await at_desk(office, StaffRole.HELP_DESK, name="Hugo Park")
    await office.guardian("Nils Lopez", [])
    await office.staff_member("Lars Lopez")

    async def helps(clerk: User) -> dict[str, list[str]]:
        page = await found(clerk, "lopez")
        return {item["person"]["first_name"]: item["can_do"] for item in page["without_account"]}

    children = {"Ana": ["issue_key"], "Ben": ["issue_key"]}
    assert await helps(hugo) == {**children, "Maria": ["issue_key"], "Nils": []}
    assert await helps(dana) == {**children, "Maria": ["issue_key"], "Nils": ["set_portal_flag"], "Lars": ["issue_key"]}


async def test_a_help_desk_sees_its_schools_families_and_no_colleagues(office: Office, dana: User) -> None:
    north, south = await office.school("North"), await office.school("South")
    both = [await office.student("Ann Lee", school=north), await office.student("Bob Lee", school=south)]
    parents = {}
    for name, children in (("Una Lee", both), ("Nat Lee", both[:1]), ("Sol Lee", both[1:]), ("Kim Lee", both[1:])):
        parents[name] = await office.user(await office.guardian(name, children), Portal.PARENT)
    for name in ("Una Lee", "Nat Lee", "Sol Lee"):
        await parents[name].activate()
    noel = await at_desk(office, StaffRole.HELP_DESK, name="Noel Lee", schools=[north])
    assert sorted(await usernames(noel, "lee")) == sorted(parents[name].username for name in ("Una Lee", "Nat Lee"))
    assert await without_account(noel, "lee") == {("Ann", "student"): "no_key"}
    una = await seen(noel, parents["Una Lee"])
    assert [student["first_name"] for student in una["relationships"]] == ["Ann"], (
        "the other school's child is not shown"
    )
    assert len(await usernames(dana, "lee")) == 4, "an admin sees the colleague's account, too"
    assert await usernames(noel, portal="staff") == []
    assert await without_account(noel, "lee", portal="staff") == {}
    assert len(await usernames(noel)) == 2, "without words: all that are his business"
    hugo = await at_desk(office, StaffRole.HELP_DESK, name="Hugo Lee")
    for clerk, names in ((hugo, set(parents) | {"Ann Lee", "Bob Lee"}), (dana, {"Noel Lee", "Hugo Lee", *parents})):
        people = (await clerk.ask("GET", "/admin/people", params={"q": "lee"})).json()["items"]
        assert names <= {f"{person['first_name']} {person['last_name']}" for person in people}
        assert ("Noel" in {person["first_name"] for person in people}) is (clerk is dana)


async def test_another_district_has_nothing_to_show(office: Office, maria: User) -> None:
    await maria.activate()
    kent = await Office.open(office.server, "kent", "Kent Schools", "DE")
    clerk = await at_desk(kent, name="Dora Moss")
    for words in ("lopez", maria.username, account_of(maria), str(maria.person_id)):
        page = await found(clerk, words)
        assert (page["items"], page["without_account"]) == ([], []), words


async def test_pages_follow_each_other_by_name_without_a_gap(office: Office, hugo: User) -> None:
    parents = await office.parents(7)
    for parent in parents:
        await parent.activate()
    everybody = await usernames(hugo, "parent", limit=100)
    assert sorted(everybody) == sorted(parent.username for parent in parents)
    paged, cursor = [], None
    while True:
        page = await found(hugo, "parent", limit=3, **({"cursor": cursor} if cursor else {}))
        paged += [item["username"] for item in page["items"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert paged == everybody
    answer = await hugo.ask("GET", "/admin/accounts", params={"cursor": "x"})
    assert list(faults(answer)) == [("/query/cursor", "cursor_invalid")]


async def test_a_page_costs_the_same_however_many_are_on_it(office: Office, hugo: User) -> None:
    parents = await office.parents(6)
    await office.set("username_recovery.lockout=account")
    for parent in parents[:4]:
        await parent.activate()
    with counting(office.campus.database) as statements:
        assert len(await usernames(hugo, "parent", limit=1)) == 1
        one = len(statements.take())
        assert len(await usernames(hugo, "parent", limit=100)) == 4
        assert len(statements.take()) == one
    assert one <= 15
