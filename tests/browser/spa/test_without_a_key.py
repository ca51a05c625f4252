"""Students and families who never got a letter: a claim with questions, a new password by their answers, a key on request."""

from datetime import date, timedelta

import pytest
from playwright.async_api import expect

from app.clock import ManualClock
from tests.browser.mailbox import Mailbox
from tests.browser.spa.guest import Guest
from tests.claiming.families import Family, look_into
from tests.support.office import Office

NUMBER = "0123471"


@pytest.fixture
async def school(office: Office, clock: ManualClock) -> Office:
    """As in Clayton County: Nia was entered yesterday, and may claim."""
    await office.set("features.claim=true", "features.challenge_questions=true")
    await office.student("Nia Davis", number=NUMBER)
    clock.advance(timedelta(hours=25))
    return office


async def claim(guest: Guest, number: str) -> None:
    await guest.type("First name", "Nia")
    await guest.type("Last name", "Davis")
    await guest.type("Student number", number)
    await guest.press("Continue")


@pytest.mark.usefixtures("school")
async def test_a_student_claims_an_account_and_later_forgets_its_password(guest: Guest) -> None:
    await guest.open("/d/jackson")
    await guest.follow("Claim my student account")
    await guest.is_led_to("Claim my student account")
    await claim(guest, "S" + NUMBER)
    await guest.is_told_at("Student number", "without the S")
    await claim(guest, NUMBER)
    await guest.is_led_to("Welcome, Nia")
    await guest.sees(f"S{NUMBER}")
    await guest.choose_new_password("nine yellow ferries")
    for place, answer in enumerate(("Rex", "Ms. Hall", "Checkers"), start=1):
        await guest.type(f"Answer {place}", answer)
    chosen = [
        await guest.page.get_by_label(f"Question {place}").locator("option:checked").text_content()
        for place in (1, 2, 3)
    ]
    assert len(set(chosen)) == 3
    await guest.press("Activate my account")
    await guest.is_led_to("Welcome, Nia")
    await guest.follow("Not now")
    await guest.is_led_to("My school")
    await guest.press("Sign out")
    await guest.is_led_to("Sign in")
    await forget_and_answer(guest, dict(zip(chosen, ("Rex", "Ms. Hall", "Checkers"), strict=True)))


async def test_a_student_who_is_too_new_is_told_from_when_on(guest: Guest, school: Office) -> None:
    await school.student("Nia Davis", number="0123499")
    await guest.open("/d/jackson/claim")
    await claim(guest, "0123499")
    await guest.is_told("You can try again from ")


async def forget_and_answer(guest: Guest, answers: dict[str | None, str]) -> None:
    await guest.follow("Answer my questions")
    await guest.is_led_to("Answer my questions")
    await guest.type("Username", f"s{NUMBER}")
    await guest.press("Continue")
    await guest.is_led_to("Your questions")
    for question, answer in answers.items():
        await guest.type(str(question), answer if answer != "Rex" else "Max")
    await guest.press("Continue")
    await guest.is_told("answers")
    for question, answer in answers.items():
        await guest.type(str(question), answer.lower())
    await guest.press("Continue")
    await guest.is_led_to("Change password")
    await guest.choose_new_password("eight yellow ferries")
    await guest.press("Change password")
    await guest.is_led_to("Your password is changed")


async def test_a_guardian_is_mailed_a_key(guest: Guest, office: Office, mailbox: Mailbox) -> None:
    await office.set("features.key_request=true", "key_request.fields=birth_date,guardian_last_name")
    await Family.at(office, "Linh Nguyen", student="Minh Nguyen")
    await guest.open("/d/jackson")
    await guest.follow("Ask for a key")
    await guest.is_led_to("Ask for a key")
    await guest.type("Student number", "0123456")
    await guest.type("The student\u2019s date of birth", date(2014, 5, 6).isoformat())
    await guest.type("Your last name", "Nguyen")
    await guest.press("Ask for a key")
    await guest.is_led_to("Thank you")
    assert await look_into(office) == 1
    await guest.open("about:blank")
    await guest.open(await mailbox.link("/activate"))
    await guest.press("Continue")
    await guest.is_led_to("Welcome, Linh")
    await expect(guest.page.get_by_label("Choose a username")).to_be_visible()


async def test_the_office_is_asked_and_gives_a_reference(guest: Guest, mailbox: Mailbox) -> None:
    await guest.open("/d/jackson")
    await guest.follow("Ask the office")
    await guest.is_led_to("Ask the office")
    await guest.page.get_by_label("What is it about?").select_option("I do not see my child")
    await guest.type("Your first name", "Rosa")
    await guest.type("Your last name", "Diaz")
    await guest.type("E-mail for the answer", "rosa@example.org")
    await guest.type("In your own words (you may leave it out)", "Her number is 123-45-6789.")
    await guest.press("Send it")
    await guest.is_told_at("In your own words (you may leave it out)", "social security")
    await guest.type("In your own words (you may leave it out)", "We moved in June.")
    await guest.press("Send it")
    await guest.is_led_to("It is with the office")
    reference = str(await guest.page.locator(".step p").text_content()).split()[3].rstrip(".")
    assert reference in (await mailbox.mails("rosa@example.org"))[0].text
