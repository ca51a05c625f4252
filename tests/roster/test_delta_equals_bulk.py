"""However a roster came about, delta by delta, it is the one that a bulk package of the same rows makes; and no flag comes on again."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import Phase, given
from hypothesis import strategies as st
from sqlalchemy import Row as Found
from sqlalchemy import update

from app.clock import ManualClock
from app.models import Relationship
from app.services.roster import SSN_PURPOSE
from app.services.roster.roles import RoleRow, roles_in
from app.settings import Settings
from tests.roster.office import Office
from tests.roster.packages import Row
from tests.roster.rows import ADULTS, CHILDREN, SCHOOLS, SSN_LAST4, Edit, Pair, Rows, role_row
from tests.roster.test_properties import EXAMPLES, open_office
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # the rules stand above the engines, which other tests compare

FOLLOWING = (
    "is_student",
    "is_guardian",
    "is_staff",
    "first_name",
    "student_number",
    "birth_date",
    "enabled",
    "relation",
)
FLAGS = ("guardian", "mailing", "portal", "messenger")
ANYBODY = {"allow_ending_percent": 100}
DIGITS = ("", "1234", "5678")


@dataclass(frozen=True)
class Step:
    """The office switches the portal off for some, and then there is a package of changes; a file of it may be sent as a whole."""

    switched_off: set[Pair]
    edits: list[Edit]
    whole: str


def some_of(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(names), unique=True).map(",".join)


def users(version: str, person: str) -> st.SearchStrategy[Row]:
    return st.builds(
        Rows(version, "").user_row,
        role=roles(person),
        orgs=some_of(SCHOOLS),
        givenName=st.sampled_from(["A", "B"]),
        enabledUser=st.sampled_from(["true", "false"]),
        identifier=st.sampled_from(["", "7"]),
        agentSourcedIds=some_of(ADULTS if person in CHILDREN else CHILDREN),
        primaryOrgSourcedId=st.sampled_from(["", *SCHOOLS]),
        **{SSN_LAST4: st.sampled_from(DIGITS)},
    )


def roles(person: str) -> st.SearchStrategy[str]:
    return st.sampled_from(
        ["student", "student", "teacher"] if person in CHILDREN else ["parent", "guardian", "relative", "teacher"]
    )


def births() -> st.SearchStrategy[Row]:
    dates = st.sampled_from(["", "2014-11-13", "2013-01-31"])
    return st.fixed_dictionaries({"birthDate": dates, SSN_LAST4: st.sampled_from(DIGITS)})


def orgs() -> st.SearchStrategy[Row]:
    kinds, names = st.sampled_from(["school", "school", "department"]), st.sampled_from(["North", "South"])
    return st.fixed_dictionaries({"type": kinds, "name": names})


def edits_about(version: str, person: str) -> st.SearchStrategy[Edit]:
    """A row of one of the files, new or deleted; those of roles may have been somebody else's."""
    kinds, places = st.sampled_from(["primary", "secondary"]), st.sampled_from([*SCHOOLS, "district"])
    of_users = st.tuples(st.just("users"), st.just(person), or_gone(users(version, person)))
    of_roles = st.tuples(
        st.just("roles"),
        st.sampled_from([f"of-{person}", f"of-{person}", "another", "third"]),
        or_gone(st.builds(role_row, st.just(person), roles(person), places, kinds)),
    )
    of_births = st.tuples(st.just("demographics"), st.just(person), or_gone(births()))
    of_orgs = st.tuples(st.just("orgs"), st.sampled_from(SCHOOLS), or_gone(orgs()))
    return st.one_of(of_users, of_users, of_births, of_orgs, *([of_roles] if version == "1.2" else []))


def or_gone(row: st.SearchStrategy[Row]) -> st.SearchStrategy[Row | None]:
    return st.one_of(row, row, st.none())


def steps(version: str) -> st.SearchStrategy[list[Step]]:
    files = ["orgs", "users", "demographics", *(["roles"] if version == "1.2" else [])]
    edits = st.sampled_from(CHILDREN + ADULTS).flatmap(lambda person: edits_about(version, person))
    changes = st.lists(edits, min_size=1, max_size=5, unique_by=lambda edit: edit[:2])
    pairs = st.sets(st.tuples(st.sampled_from(ADULTS), st.sampled_from(CHILDREN)), max_size=1)
    return st.lists(st.builds(Step, pairs, changes, st.sampled_from(["", "", *files])), min_size=2, max_size=4)


STORIES = st.sampled_from(["1.1", "1.2", "1.2"]).flatmap(
    lambda version: st.tuples(st.just(version), st.sampled_from(["", "users", "demographics"]), steps(version))
)


def test_deltas_make_what_the_bulk_makes(settings: Settings, clock: ManualClock, tmp_path: Path) -> None:
    with open_office(settings, clock) as (runner, office):

        @EXAMPLES(max_examples=40, phases=[Phase.generate])  # to make a story shorter takes minutes, and it is short
        @given(STORIES)
        def check(story: tuple[str, str, list[Step]]) -> None:
            version, digits_in, changes = story
            runner.run(compare(office, tmp_path, Rows(version, digits_in), changes))

        check()


async def compare(offices: Office, tmp_path: Path, rows: Rows, changes: list[Step]) -> None:
    by_deltas, by_bulk = (replace(offices, district=f"d-{uuid4().hex}") for _ in range(2))
    await by_deltas.open()
    await by_bulk.open()
    await by_deltas.accept(rows.bulk(tmp_path / uuid4().hex), **ANYBODY)
    for step in changes:
        await switch_off(by_deltas, step.switched_off)
        before = await flags(by_deltas)
        delta = rows.change(tmp_path / uuid4().hex, step.edits, step.whole)
        await by_deltas.accept(delta, **ANYBODY)
        after = await flags(by_deltas)
        assert all(after[pair] == flags_before for pair, flags_before in before.items()), "flags are the office's"
        assert (await by_deltas.accept(delta, **ANYBODY)).changes == 0
    whole = rows.bulk(tmp_path / uuid4().hex)
    await by_bulk.accept(whole, **ANYBODY)
    by_itself, at_once = await shape(by_deltas, rows), await shape(by_bulk, rows)
    for part, found in by_itself.items():
        assert found == at_once[part], part
    before = await flags(by_deltas)
    await by_deltas.accept(whole, **ANYBODY)
    assert await flags(by_deltas) == before


async def switch_off(office: Office, pairs: set[Pair]) -> None:
    ids = [row.id for pair, row in (await office.relationships()).items() if pair in pairs]
    async with office.database.transaction() as session:
        await session.execute(update(Relationship).where(Relationship.id.in_(ids)).values(portal=False))


async def flags(office: Office) -> dict[Pair, list[bool]]:
    relationships = await office.relationships()
    return {pair: [getattr(row, flag) for flag in FLAGS] for pair, row in relationships.items()}


async def shape(office: Office, rows: Rows) -> dict[str, Any]:
    """What lives in a district. An org that is gone cannot stand in a bulk package, so that a role there counts as one at the district."""
    people = {name: row for name, row in (await office.people()).items() if row.ended_at is None}
    schools = {name: row for name, row in (await office.schools()).items() if row.ended_at is None}
    relationships = await office.relationships()
    return {
        "people": {name: person_of(office, row) for name, row in people.items()},
        "roles": {name: roles_of(row, rows) for name, row in people.items() if row.role_rows is not None},
        "schools": {name: row.name for name, row in schools.items()},
        "relationships": {
            pair: (row.relation, row.said_by) for pair, row in relationships.items() if row.ended_at is None
        },
        "enrollments": {
            (person, school, is_primary and not rows.is_open_which_school(person))
            for person, school, is_primary in await office.enrollments()
            if person in people
        },
        "others": await office.other_orgs(),
    }


def person_of(office: Office, row: Found[Any]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in FOLLOWING}
    digests = {
        digest: digits
        for digits in DIGITS
        for digest in office.digests.candidates(SSN_PURPOSE, office.district, row.sourced_id, digits)
    }
    return {**values, "digits": digests.get(row.ssn_last4_digest)}


def roles_of(row: Found[Any], rows: Rows) -> tuple[str, list[RoleRow]]:
    primary, roles = roles_in(row.role_rows)
    return primary, [role._replace(org_id=rows.live(role.org_id)) for role in roles]
