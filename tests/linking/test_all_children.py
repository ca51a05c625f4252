"""All children of all linked accounts, in one call."""

from tests.linking.families import Login, Region, link, reset_by_mail

ADDRESS = "maria@mail.example.org"


async def three(region: Region) -> list[Login]:
    """One parent with a child in each of three districts, linked."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex")
    await link(wake, kent)
    await link(kent, sussex)
    return [wake, kent, sussex]


async def test_all_children_each_with_its_district(region: Region) -> None:
    """From whichever account she asks, also from one that was switched to; without the question her own alone."""
    family = await three(region)
    everybody = {"wake": ["Wake"], "kent": ["Kent"], "sussex": ["Sussex"]}
    for login in [*family, await family[0].switched_to(family[2])]:
        assert await login.all_children() == everybody
        assert await login.students() == [login.district.title()]
    answer = await family[0].ask("GET", "/me/students", params={"include_linked": True})
    assert {child["district"]["name"] for child in answer.json()["items"]} == {
        f"{district.title()} Schools" for district in everybody
    }


async def test_those_of_accounts_that_may_not_be_used_are_left_out(region: Region) -> None:
    wake, kent, sussex = await three(region)
    await kent.office.disable(kent)
    assert await wake.all_children() == {"wake": ["Wake"], "sussex": ["Sussex"]}
    await sussex.office.take_portal_away(sussex)
    assert await wake.all_children() == {"wake": ["Wake"]}
    await kent.office.enable(kent)
    await sussex.office.give_portal_back(sussex)
    assert set(await wake.all_children()) == {"wake", "kent", "sussex"}


async def test_those_behind_a_link_that_was_ended_or_waits_are_left_out(region: Region) -> None:
    wake, kent, sussex = await three(region)
    await sussex.own_address(ADDRESS)
    await reset_by_mail(sussex)
    assert set(await wake.all_children()) == {"wake", "kent"}
    sussex = await sussex.again()
    assert set(await sussex.all_children()) == {"sussex"}, "nor does she see the others"
    await sussex.confirm_links()
    assert set(await sussex.all_children()) == {"wake", "kent", "sussex"}
    await wake.unlink(kent)
    assert set(await wake.all_children()) == {"wake", "sussex"}
    assert set(await kent.all_children()) == {"kent"}


async def test_those_of_districts_without_linking_are_left_out(region: Region) -> None:
    wake, kent, sussex = await three(region)
    await kent.office.set("features.linking=false")
    assert set(await wake.all_children()) == {"wake", "sussex"}
    assert set(await kent.all_children()) == {"kent"}, "there is no linking in her district"
    assert set(await sussex.all_children()) == {"wake", "sussex"}


async def test_a_child_without_the_portal_flag_is_left_out_and_explained(region: Region) -> None:
    wake, kent, _ = await three(region)
    for login in (wake, kent):
        hidden = await login.office.student("Ida Lopez")
        await login.office.relate(login.person_id, hidden, portal=False)
    assert set(await wake.all_children()) == {"wake", "kent", "sussex"}
    answer = await wake.ask("GET", "/me/students", params={"include_linked": True, "explain": True})
    assert answer.json()["hidden"]["portal_off"] >= 1
    assert "Ida" not in answer.text


async def test_students_who_are_one_human_see_both_of_their_entries(region: Region) -> None:
    """One who goes to two districts at once."""
    wake, kent = await region.student("wake"), await region.student("kent")
    await link(wake, kent)
    assert await wake.all_children() == {"wake": ["Ana"], "kent": ["Ana"]}
    assert await (await kent.switched_to(wake)).all_children() == {"wake": ["Ana"], "kent": ["Ana"]}
