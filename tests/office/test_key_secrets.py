"""A key stands on the clerk's screen, in a letter, or in the one mail that brings it, and nowhere else."""

import logging

import pytest

from app.composition import Campus
from app.database import Database
from app.models import Base
from app.security.activation_codes import normalise_activation_code
from tests.office.keys import BATCHES, KEYS, LETTERS, batch, families, give_address, order, shown_key
from tests.office.test_key_mails import key_in
from tests.support.office import Office
from tests.support.portal import User
from tests.support.recovery import Post

HOME = "pl4nted.address@home.example"


async def test_no_key_leaves_by_another_door(
    office: Office, maria: User, hugo: User, dana: User, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    child = await office.student("Ana Stone")
    pat, mail_reader = await office.guardian("Pat Stone", [child]), await office.guardian("Mel Stone", [child])
    await give_address(office, HOME, mail_reader)
    keys = {await shown_key(hugo, maria.person_id)}
    assert (await order(hugo, mail_reader, "email")).status_code == 201
    waiting = await rows_of(office.campus)
    (mail,) = await post.deliver()
    keys.add(key_in(mail))
    assert (await order(hugo, pat, "letter")).status_code == 201
    keys |= {key["activation_key"] for key in (await batch(dana, LETTERS)).json()["keys"]}
    await families(office, 2)
    keys |= {key["activation_key"] for key in (await batch(dana, repeat_as="planted-mark")).json()["keys"]}
    assert len(keys) == 5
    told = [(await dana.ask("GET", path)).text for path in (KEYS, BATCHES)]
    told.append((await batch(dana, repeat_as="planted-mark")).text)
    rows = await rows_of(office.campus)
    logged = [str(vars(record)) for record in caplog.records]
    places = [*told, *waiting, *rows, *logged, (await office.server.http.get("/metrics")).text]
    assert "office:key:issued" in "".join(rows)
    assert "/admin/activation-keys/batches" in "".join(logged)
    for key in keys:
        for form in (key, normalise_activation_code(key)):
            assert not [place for place in places if form.lower() in place.lower()]
    assert not [row for row in rows if row.startswith(("audit_events", "outbox_mails")) and HOME in row]


async def rows_of(campus: Campus) -> list[str]:
    """Every row of every table."""
    database: Database = campus.database
    async with database.reading() as connection:
        return [
            f"{table.name}: {row}"
            for table in Base.metadata.sorted_tables
            for row in await connection.execute(table.select())
        ]
