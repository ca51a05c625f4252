"""What a letter tells: where it goes, in which languages, what it opens; and nothing of it that a name could break."""

from datetime import timedelta
from uuid import UUID

from app.clock import ManualClock
from app.letters.facts import PaperLetter
from app.letters.page import pages
from app.portals import Portal
from app.services.household_facts import HouseholdFacts
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import User

OAK = {"street": "12 Oak Lane, Apt 3", "city": "Jefferson", "state": "GA", "postal_code": "30549"}


async def letter_of(office: Office, *keys: str) -> list[PaperLetter]:
    return await office.campus.key_letters.compose(office.district, keys)


async def lives_at(office: Office, address: dict[str, str], *people: UUID) -> None:
    facts = HouseholdFacts.model_validate({"address": address})
    await office.campus.household_desk.add(office.operator, facts, people)


async def test_a_guardians_letter(office: Office) -> None:
    north, south = await office.school("North Elementary"), await office.school("South High")
    ana, ben = await office.student("Ana Lopez", school=north), await office.student("Ben Lopez", school=south)
    maria = await office.guardian("Maria Lopez", [ana, ben])
    await lives_at(office, OAK, maria, ana)
    await office.set("support.phone=706-555-0100", "portal_url=https://portal.example.org")
    key = await office.key_for(maria, Portal.PARENT)
    (letter,) = await letter_of(office, key)
    assert letter.recipient == ("Maria Lopez", "12 Oak Lane, Apt 3", "Jefferson, GA 30549")
    assert (letter.district, letter.place) == ("Jackson County Schools", "Jefferson, GA")
    assert letter.schools == ("North Elementary", "South High")
    assert letter.page == "https://portal.example.org/activate?district=jackson"
    assert letter.link == f"{letter.page}#key={key}"
    assert (letter.portal, letter.language, letter.support) == (Portal.PARENT, "es", "706-555-0100")
    assert PaperLetter.of_line(letter.as_line()) == letter
    assert key not in repr(letter)


async def test_a_letter_goes_to_an_address_only_where_there_is_just_one(office: Office) -> None:
    ana = await office.student("Ana Lopez")
    maria, jorge = await office.guardian("Maria Lopez", [ana]), await office.guardian("Jorge Lopez", [ana])
    await lives_at(office, OAK, maria, ana)
    await lives_at(office, {**OAK, "street": "7 Elm Street"}, jorge, ana)
    keys = [await office.key_for(maria, Portal.PARENT), await office.key_for(ana, Portal.STUDENT)]
    of_maria, of_ana = await letter_of(office, *keys)
    assert of_maria.recipient[1] == "12 Oak Lane, Apt 3"
    assert of_ana.recipient == ("Ana Lopez",)


async def test_keys_that_open_nothing_have_no_letter(office: Office, maria: User, clock: ManualClock) -> None:
    otto = await office.parent("Otto Stone")
    lost, used = otto.key, maria.key
    otto.key = await office.key_for(otto.person_id, Portal.PARENT)
    await maria.activate()
    letters = await letter_of(office, lost, used, otto.key, "ABCDE-ABCDE")
    assert [letter.activation_key for letter in letters] == [otto.key]
    clock.advance(timedelta(days=91))
    assert await letter_of(office, otto.key) == []


@sqlite_only  # of both engines alike
async def test_the_language_is_that_of_the_account_else_the_districts_second(office: Office, maria: User) -> None:
    await maria.activate(locale="vi")
    keys = [await office.key_for(maria.person_id, Portal.PARENT), (await office.parent("Otto Stone")).key]
    assert [letter.language for letter in await letter_of(office, *keys)] == ["vi", "es"]
    await office.set("languages=en,zh-Hant,es")
    assert [letter.language for letter in await letter_of(office, *keys)] == ["vi", "zh-Hant"]
    await office.set("languages=en")
    assert [letter.language for letter in await letter_of(office, *keys)] == ["vi", None]


@sqlite_only  # of both engines alike
async def test_what_is_read_at_home_comes_before_what_the_district_reads(office: Office) -> None:
    ana = await office.student("Ana Lopez")
    maria, jorge = await office.guardian("Maria Lopez", [ana]), await office.guardian("Jorge Lopez", [ana])
    for guardian, language in ((maria, "zh-Hans"), (jorge, "en")):
        facts = HouseholdFacts.model_validate({"language": language})
        await office.campus.household_desk.add(office.operator, facts, [guardian, ana])
    keys = [await office.key_for(person, Portal.PARENT) for person in (maria, jorge)]
    letters = await letter_of(office, *keys, await office.key_for(ana, Portal.STUDENT))
    assert [letter.language for letter in letters] == ["zh-Hans", "en", "es"], "a child of two languages has neither"
    assert "Su clave" not in pages([(letters[1], "data:,")])


async def test_the_page_is_in_both_languages_and_takes_names_for_names(office: Office) -> None:
    child = await office.student("Ana Lopez")
    guardian = await office.guardian("<b>Maria</b> O'Neill & Co", [child])
    (letter,) = await letter_of(office, await office.key_for(guardian, Portal.PARENT))
    page = pages([(letter, "data:,")])
    assert "&lt;b&gt;Maria&lt;/b&gt; O&#39;Neill &amp; Co" in page
    assert page.count("Your activation key") == page.count("Su clave de activación") == 1
    assert '<div class="column" lang="es" dir="ltr">' in page
    assert letter.activation_key in page
    assert letter.link not in page, "only the picture holds it"
