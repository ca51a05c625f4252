"""What a signed-in person sees: a parent those children whom the portal shows, a student himself."""

from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import Server


async def test_a_parent_sees_each_child_with_school_and_numbers(office: Office) -> None:
    elm = await office.school("Elm Elementary")
    ana = await office.student("Ana Lopez", number="0004711", state_id="GT0815", school=elm)
    maria = await office.user(await office.guardian("Maria Lopez", [ana]), Portal.PARENT)
    await maria.activate()
    answer = await maria.ask("GET", "/me/students")
    assert answer.json() == {
        "items": [
            {
                "id": str(ana),
                "first_name": "Ana",
                "last_name": "Lopez",
                "student_number": "0004711",
                "state_id": "GT0815",
                "school": {"id": str(elm), "name": "Elm Elementary"},
                "district": {"id": "jackson", "name": "Jackson County Schools"},
            }
        ]
    }


async def test_only_the_portal_flag_opens_a_child_and_the_app_can_say_why_one_is_missing(office: Office) -> None:
    ana, ben, cleo = [await office.student(f"{name} Lopez") for name in ("Ana", "Ben", "Cleo")]
    guardian = await office.guardian("Maria Lopez", [ana, cleo])
    await office.relate(guardian, ben, portal=False)
    maria = await office.user(guardian, Portal.PARENT)
    await maria.activate()
    await office.end(cleo)
    assert await maria.students() == ["Ana"]
    answer = await maria.ask("GET", "/me/students", params={"explain": "true"})
    assert answer.json()["hidden"] == {"portal_off": 1, "left_roster": 1}
    assert "hidden" not in (await maria.ask("GET", "/me/students")).json()


async def test_d22_nobody_sees_the_children_of_others(server: Server, office: Office) -> None:
    """Two families with the same names, and one with the same names in another district."""
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    families = [await each.parent("Maria Lopez", children=["Ana Lopez"]) for each in (office, office, wake)]
    seen: list[str] = []
    for mother in families:
        await mother.activate()
        answer = await mother.ask("GET", "/me/students", params={"account_id": str(families[0].person_id)})
        seen += [student["id"] for student in answer.json()["items"]]
    assert len(seen) == len(set(seen)) == 3


async def test_a_teacher_sees_her_own_children_as_a_parent_only(office: Office) -> None:
    kim = await office.student("Kim Teach")
    tess = await office.guardian("Tess Teach", [kim], is_staff=True)
    parent, staff = await office.user(tess, Portal.PARENT), await office.user(tess, Portal.STAFF)
    await parent.activate()
    await staff.activate()
    assert await parent.students() == ["Kim"]
    assert await staff.students() == []


async def test_a_child_of_two_households_is_seen_by_both(office: Office) -> None:
    ana = await office.student("Ana Lopez")
    for name in ("Maria Lopez", "Juan Diaz"):
        parent = await office.user(await office.guardian(name, [ana]), Portal.PARENT)
        await parent.activate()
        assert await parent.students() == ["Ana"]
