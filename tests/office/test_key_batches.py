"""Keys for a whole school at once: letters in the answer, or mails; repeated, lost, taken back."""

import csv
from datetime import timedelta
from io import StringIO
from uuid import uuid4

from app.clock import ManualClock
from app.services.office.key_file import COLUMNS
from app.services.office.key_round import AT_ONCE
from tests.office.counter import actor
from tests.office.keys import (
    BATCHES,
    LETTERS,
    batch,
    families,
    give_address,
    keys_of,
    live,
    many_students,
    order,
    states,
)
from tests.office.trail import written
from tests.support.desk import at_desk, pass_second_factor
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused
from tests.support.recovery import Post

ONCE = "8f14e45f-ceea-467f"


async def test_everybody_without_an_account_or_a_key_gets_a_letter(office: Office, maria: User, dana: User) -> None:
    """Maria has a key, Una has an account, and Otto may not enter."""
    una, otto = await office.parent("Una Lopez"), await office.parent("Otto Lopez")
    await una.activate()
    await office.take_portal_away(otto)
    parents = await families(office, 2)
    answer = await batch(dana)
    report = answer.json()
    assert answer.status_code == 201
    assert set(report) == {"id", "portal", "channel", "issued", "left", "issued_at", "keys"}
    assert (report["portal"], report["channel"], report["issued"], report["left"]) == ("parent", "letter", 2, 0)
    assert {key["person_id"] for key in report["keys"]} == {str(parent) for parent in parents}
    assert all(set(key) == set(COLUMNS) for key in report["keys"])
    first = report["keys"][0]
    assert (first["first_name"], first["last_name"]) == ("Parent", "Nr0")
    assert (await office.visitor(parents[0], first["activation_key"]).activate()).status_code == 201
    assert (await maria.verify()).status_code == 200
    (issued,) = await written(office, "office:keys:issued")
    assert issued.actor == actor(dana)
    assert issued.data == {"batch": report["id"], "portal": "parent", "channel": "letter", "count": 2}
    assert {key["batch_id"] for key in await keys_of(dana, batch_id=report["id"])} == {report["id"]}
    assert (await batch(dana)).json()["issued"] == 0


async def test_one_school_or_one_portal_at_a_time(office: Office, server: Server, dana: User) -> None:
    north = await office.school("North")
    ana, ben = await office.student("Ana Lopez", school=north), await office.student("Ben Stone")
    maria, _ = await office.guardian("Maria Lopez", [ana]), await office.guardian("Mo Stone", [ben])
    for portal, person in ((None, maria), ("student", ana)):
        named = {"portal": portal} if portal else {}
        report = (await batch(dana, school_id=str(north), **named)).json()
        assert [key["person_id"] for key in report["keys"]] == [str(person)]
        assert report["school_id"] == str(north)
    elsewhere = await (await Office.open(server, "clarke", "Clarke County")).school("West")
    for unknown in (elsewhere, uuid4()):
        assert refused(await batch(dana, school_id=str(unknown))) == (404, "not_found")
    assert ("/channel", "unknown_value") in faults(await batch(dana, channel="in_person"))
    await office.set("portals=parent")
    assert refused(await batch(dana, portal="student")) == (403, "feature_disabled")


async def test_batches_are_the_admins_after_a_step_up(office: Office, hugo: User) -> None:
    (parent,) = await families(office, 1)
    late = await at_desk(office, name="Dora Reed", stepped_up=False)
    for path in (BATCHES, LETTERS):
        assert refused(await batch(hugo, path)) == (403, "forbidden")
        assert refused(await batch(late, path)) == (401, "step_up_required")
    for method, path in (("GET", BATCHES), ("DELETE", f"{BATCHES}/{uuid4()}")):
        assert refused(await hugo.ask(method, path)) == (403, "forbidden")
    assert await live(office, parent) == 0


async def test_a_thousand_at_once_and_the_rest_after_them(office: Office, dana: User) -> None:
    await many_students(office, AT_ONCE + 3)
    first = (await batch(dana, portal="student")).json()
    rest = (await batch(dana, portal="student")).json()
    assert [(report["issued"], report["left"]) for report in (first, rest)] == [(AT_ONCE, 3), (3, 0)]
    everybody = [key["person_id"] for report in (first, rest) for key in report["keys"]]
    assert len(set(everybody)) == len(everybody) == AT_ONCE + 3


async def test_a_batch_that_is_repeated_changes_nothing_and_shows_no_keys(office: Office, dana: User) -> None:
    await families(office, 2)
    first = (await batch(dana, repeat_as=ONCE)).json()
    (late,) = await families(office, 1)
    again = await batch(dana, repeat_as=ONCE, accept="text/csv")
    assert again.status_code == 201
    keys = first.pop("keys")
    assert again.json() == first
    assert not [key for key in keys if key["activation_key"] in again.text]
    assert await live(office, late) == 0
    assert len(await written(office, "office:keys:issued")) == 1


async def test_the_same_key_for_another_batch_is_refused_and_for_another_clerk_is_not(
    office: Office, dana: User
) -> None:
    await families(office, 1)
    dora = await at_desk(office, name="Dora Reed")
    await batch(dana, repeat_as=ONCE)
    for other in ({"channel": "email"}, {"portal": "student"}):
        assert refused(await batch(dana, repeat_as=ONCE, **other)) == (422, "idempotency_key_reused")
    (late,) = await families(office, 1)
    assert (await batch(dora, repeat_as=ONCE, channel="letter")).json()["keys"][0]["person_id"] == str(late)


async def test_a_batch_that_was_refused_may_be_corrected_under_its_key(office: Office, dana: User) -> None:
    await families(office, 1)
    assert refused(await batch(dana, repeat_as=ONCE, school_id=str(uuid4()))) == (404, "not_found")
    assert (await batch(dana, repeat_as=ONCE)).json()["issued"] == 1


async def test_letters_whose_answer_was_lost_are_taken_back_and_printed_anew(
    office: Office, server: Server, dana: User, clock: ManualClock
) -> None:
    parents = await families(office, 3)
    lost = (await batch(dana)).json()
    used = office.visitor(parents[0], lost["keys"][0]["activation_key"])
    assert (await used.activate()).status_code == 201
    stranger = await at_desk(await Office.open(server, "clarke", "Clarke County"), name="Carla Reed")
    assert refused(await stranger.ask("DELETE", f"{BATCHES}/{lost['id']}")) == (404, "not_found")
    answer = await dana.ask("DELETE", f"{BATCHES}/{lost['id']}")
    assert (answer.status_code, answer.json()) == (200, {"revoked": 2})
    assert (await dana.ask("DELETE", f"{BATCHES}/{lost['id']}")).json() == {"revoked": 0}
    assert (await used.me()).status_code == 200
    clock.advance(timedelta(seconds=1))
    new = (await batch(dana)).json()
    assert new["issued"] == 2
    old_key = next(key for key in lost["keys"] if key["person_id"] == str(parents[1]))
    assert refused(await office.visitor(parents[1], old_key["activation_key"]).verify())[1] == "activation_key_invalid"
    first, _ = await written(office, "office:keys:revoked")
    assert first.data == {"batch": lost["id"], "count": 2}
    page = (await dana.ask("GET", BATCHES, params={"limit": 1})).json()
    after = (await dana.ask("GET", BATCHES, params={"cursor": page["next_cursor"]})).json()
    assert [item["id"] for item in page["items"] + after["items"]] == [new["id"], lost["id"]]
    assert "keys" not in page["items"][0]
    assert (await stranger.ask("GET", BATCHES)).json() == {"items": []}


async def test_for_a_spreadsheet_and_harmless_in_it(office: Office, dana: User) -> None:
    child = await office.student("Ana Lopez")
    names = ['=HYPERLINK("http://evil.example") Lopez', "Maria @SUM(1)", "José Núñez, jr.", "-1+1 +1", "\tTab \rReturn"]
    for name in names:
        await office.guardian(name, [child])
    answer = await batch(dana, accept="text/csv")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="activation-keys-')
    assert (answer.headers["keys-left"], answer.headers["cache-control"]) == ("0", "no-store")
    header, *rows = csv.reader(StringIO(answer.text, newline=""))
    assert tuple(header) == COLUMNS
    shown = {(row[1], row[2]) for row in rows}
    assert shown == {
        ('\'=HYPERLINK("http://evil.example")', "Lopez"),
        ("Maria", "'@SUM(1)"),
        ("José", "Núñez, jr."),
        ("'-1+1", "'+1"),
        ("'\tTab", "'\rReturn"),
    }
    assert (await office.visitor(uuid4(), rows[0][4]).verify()).status_code == 200


async def test_a_batch_by_mail_reaches_whoever_has_an_address(office: Office, dana: User, post: Post) -> None:
    mailed, silent = await families(office, 2)
    await give_address(office, "parent@home.example", mailed)
    answer = await batch(dana, channel="email", repeat_as=ONCE)
    report = answer.json()
    assert "keys" not in report
    assert (report["issued"], report["left"], report["without_address"], report["limited"]) == (1, 0, 1, 0)
    assert (await batch(dana, channel="email", repeat_as=ONCE)).json() == report
    (mail,) = await post.deliver()
    assert mail.to == "parent@home.example"
    assert (await live(office, mailed), await live(office, silent)) == (1, 0)
    assert [key["person_id"] for key in (await batch(dana)).json()["keys"]] == [str(silent)]


async def test_letters_that_were_ordered_one_by_one_are_printed_together(
    office: Office, maria: User, hugo: User, dana: User, clock: ManualClock
) -> None:
    """Maria's account is started over; Ana's letter is another portal's; Otto lost his access while his letter waited."""
    await maria.activate()
    otto, ana = await office.parent("Otto Stone"), await office.student("Ana Reed")
    for person in (maria.person_id, otto.person_id, ana):
        assert (await order(hugo, person, "letter")).status_code == 201
    await office.take_portal_away(otto)
    others = (await batch(dana, portal="student")).json()["keys"]
    assert str(ana) not in {key["person_id"] for key in others}, "her letter is her key"
    clock.advance(timedelta(days=10))
    await dana.sign_in()
    await pass_second_factor(dana)
    report = (await batch(dana, LETTERS, repeat_as=ONCE)).json()
    (letter,) = report["keys"]
    assert (letter["person_id"], report["issued"], report["left"]) == (str(maria.person_id), 1, 0)
    assert letter["expires_at"][:10] == (clock.now() + timedelta(days=90)).date().isoformat(), "from today on"
    maria.key = letter["activation_key"]
    assert (await maria.on_another_device().verify()).status_code == 200
    assert await states(dana, maria.person_id) == ["live", "used"]
    assert "keys" not in (await batch(dana, LETTERS, repeat_as=ONCE)).json()
    assert (await batch(dana, LETTERS)).json()["issued"] == 0
    (printed,) = [event for event in await written(office, "office:keys:printed") if event.data["count"]]
    assert printed.data["batch"] == report["id"]
    assert (await dana.ask("DELETE", f"{BATCHES}/{report['id']}")).json() == {"revoked": 1}
    assert refused(await maria.verify()) == (404, "activation_key_invalid")
