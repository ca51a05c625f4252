"""Names, numbers, birth dates, passwords and answers stand where they belong, and in no trace, mail, metric or refusal (D38)."""

from datetime import date

from sqlalchemy import select

from app.models import Base
from tests.claiming.students import CLAIM_ON, Student, given, new_student
from tests.support.office import Office
from tests.support.portal import Server
from tests.support.recovery import Post, new_owner

MARK = "Plant3dM4rk"
NUMBER, BORN = "7316402", date(1913, 2, 28)
FACTS = (MARK, MARK.lower(), NUMBER, BORN.isoformat())
ANSWERS = {"first_pet": f"{MARK} one", "favorite_food": f"{MARK} two", "first_street": f"{MARK} three"}
ROSTER = {"persons"}
"""The district gave us the facts."""
NAMED = {"persons", "accounts"}
"""The number is a part of the username."""


async def test_d38_no_secret_of_a_claim_leaves_by_another_door(server: Server, office: Office, post: Post) -> None:
    await office.set(*CLAIM_ON, "claim.fields=birth_date")
    ana = await new_student(office, post, f"{MARK}ana {MARK}lopez", NUMBER, born=BORN)
    ana.password, ana.answers = f"{MARK} password", dict(ANSWERS)
    maria = await new_owner(office, post)
    await office.relate(maria.person_id, ana.person_id)
    refusals = await tell_the_story(ana)
    mails = "".join(mail.everything for mail in await post.deliver())
    metrics = (await server.http.get("/metrics")).text
    for mark in FACTS:
        assert mark not in mails
        assert mark not in metrics
        assert mark not in refusals
    for table, row in await everything(office):
        assert MARK not in row or table in ROSTER, table
        assert MARK.lower() not in row.lower() or table in ROSTER, table
        assert NUMBER not in row or table in NAMED, table
        assert repr(BORN) not in row or table in ROSTER, table


async def tell_the_story(ana: Student) -> str:
    """Both steps, a reset and new answers, each with its mistakes; gives all that the refusals said."""
    born = {"birth_date": BORN.isoformat()}
    told = [
        await ana.claim(),
        await ana.claim(**born, first_name=f"{MARK}Eva"),
        await ana.claim(**born, student_number=f"S{NUMBER}"),
        await ana.claim(**born, secret=MARK),
        await ana.claim(birth_date=MARK),
    ]
    ticket = (await ana.claim(**born)).json()["ticket"]
    told += [
        await ana.complete(ticket, password=MARK[:5], password_confirm=MARK),
        await ana.complete(ticket, challenge_answers=given(ANSWERS)[:2]),
        await ana.complete(ticket, challenge_answers=given({MARK: MARK, **ANSWERS})),
        await ana.complete(MARK),
    ]
    assert (await ana.complete(ticket)).status_code == 201
    told += [await ana.complete(ticket), await ana.claim(**born)]
    told += [await ana.answer({**ANSWERS, "first_pet": MARK}), await ana.answer_with(MARK, given(ANSWERS))]
    token = await ana.answered()
    told += [await ana.reset(token, f"{MARK} password"), await ana.reset(MARK)]
    assert (await ana.reset(token, f"{MARK} passphrase")).status_code == 204
    assert (await ana.sign_in()).status_code == 200
    told += [await ana.set_answers(ANSWERS, current_password=MARK), await ana.set_answers({MARK: MARK})]
    assert (await ana.set_answers({**ANSWERS, "first_pet": f"{MARK} four"})).status_code == 204
    assert {answer.status_code for answer in told} == {403, 404, 409, 410, 422}
    return "".join(answer.text + str(answer.headers) for answer in told)


async def everything(office: Office) -> list[tuple[str, str]]:
    """Every row of every table, by the table's name."""
    async with office.campus.database.reading() as connection:
        return [
            (table.name, str(row))
            for table in Base.metadata.sorted_tables
            for row in await connection.execute(select(table))
        ]
