"""Keys as letters: what the district knows of each person for the page and the envelope, and the press that prints them.

A key in clear comes from whoever has it, goes to the press, and is kept nowhere in between.
"""

from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clock import Clock
from app.database import Database
from app.letters.facts import PaperLetter
from app.letters.press import LetterPress
from app.models import Account, ActivationKey, Enrollment, Household, HouseholdMember, Person, Relationship, School
from app.portals import Portal
from app.security.activation_codes import normalise_activation_code
from app.security.digests import Digests
from app.services.activation_page import activation_link, activation_page
from app.services.districts import OpenDistrict, open_district
from app.services.household_facts import HouseholdFacts
from app.services.key_people import is_open
from app.services.typed_keys import DIGEST_PURPOSE
from app.text import tidy
from app.translation import LANGUAGES, spoken

Value = TypeVar("Value")


@dataclass(frozen=True)
class KeyLetters:
    database: Database
    clock: Clock
    digests: Digests
    public_url: str
    press: LetterPress

    async def check(self) -> None:
        """Before keys are issued for letters. Raises CannotPrint: this machine has not what letters need."""
        await self.press.check()

    async def run(
        self,
        district_id: str,
        keys: AsyncIterable[Sequence[str]],
        write: Callable[[bytes], object],
        printed: Callable[[int], object] = lambda _: None,
    ) -> int:
        """Prints a letter for each of these keys, in clear, that is still good for something; gives their number.

        `write` is given the PDF piece by piece. Where no key is good, it is given nothing.

        Raises:
            DistrictNotFound: no such open district.
            PrintingFailed: what was written is no whole PDF.
        """
        count = 0

        async def letters() -> AsyncIterator[Sequence[PaperLetter]]:
            nonlocal count
            async for some in keys:
                found = await self.compose(district_id, some)
                count += len(found)
                yield found

        await self.press.run(letters(), write, printed)
        return count

    async def compose(self, district_id: str, keys: Sequence[str]) -> list[PaperLetter]:
        """What the letters tell, in the order of the keys; keys that were used, revoked or have expired are left out.

        Raises:
            DistrictNotFound: no such open district.
        """
        async with self.database.reading() as connection:
            district = await open_district(connection, district_id)
            of_digest = {digest: key for key in keys for digest in self._digests(district_id, key)}
            rows = (await connection.execute(self._live(district_id, list(of_digest)))).all()
            people = [row.person_id for row in rows]
            addresses, spoken_at_home = await _homes(connection, people)
            languages = await _languages(connection, people)
            schools = await _schools(connection, people)
        letters = {
            of_digest[row.digest]: self._letter(
                district,
                row,
                of_digest[row.digest],
                address=addresses.get(row.person_id, ()),
                schools=schools[row.person_id],
                language=languages.get((row.person_id, row.portal)) or spoken_at_home.get(row.person_id),
            )
            for row in rows
        }
        return [letters[key] for key in keys if key in letters]

    def _digests(self, district_id: str, key: str) -> list[str]:
        return self.digests.candidates(DIGEST_PURPOSE, district_id, normalise_activation_code(key))

    def _live(self, district_id: str, digests: Sequence[str]) -> Any:
        return (
            select(
                ActivationKey.digest,
                ActivationKey.person_id,
                ActivationKey.portal,
                ActivationKey.expires_at,
                Person.first_name,
                Person.last_name,
            )
            .join(Person, Person.id == ActivationKey.person_id)
            .where(
                ActivationKey.district_id == district_id,
                ActivationKey.digest.in_(digests),
                is_open(self.clock.now()),
            )
        )

    def _letter(
        self,
        district: OpenDistrict,
        row: Row[Any],
        key: str,
        *,
        address: Sequence[str],
        schools: Sequence[str],
        language: str | None,
    ) -> PaperLetter:
        support = district.settings.support
        return PaperLetter(
            district=district.name,
            place=", ".join(filter(None, (district.city, district.state))),
            recipient=(tidy(f"{row.first_name} {row.last_name}"), *address),
            schools=tuple(schools),
            portal=Portal(row.portal),
            activation_key=key,
            link=activation_link(district, self.public_url, key),
            page=activation_page(district, self.public_url),
            expires_on=row.expires_at.astimezone(district.zone).date(),
            language=language or _second_language(district),
            support=support.phone or support.email or support.url,
        )


def _second_language(district: OpenDistrict) -> str | None:
    """What the district reads beside English, where nobody knows what a family does."""
    return next((tag for tag in district.settings.languages if spoken(tag) not in {None, LANGUAGES[0]}), None)


async def _homes(
    connection: AsyncConnection, people: Sequence[UUID]
) -> tuple[Mapping[UUID, Sequence[str]], Mapping[UUID, str]]:
    """Addresses and languages, each of those who have just one: a key must not go to the other home."""
    query = (
        select(HouseholdMember.person_id, Household.facts)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(HouseholdMember.person_id.in_(people))
    )
    addresses: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    languages: dict[UUID, set[str]] = defaultdict(set)
    for row in await connection.execute(query):
        facts = HouseholdFacts.model_validate(row.facts)
        if home := facts.address:
            addresses[row.person_id].add((home.street, f"{home.city}, {home.state} {home.postal_code}"))
        if facts.language:
            languages[row.person_id].add(facts.language)
    return _alone(addresses), _alone(languages)


def _alone(found: Mapping[UUID, set[Value]]) -> dict[UUID, Value]:
    return {person: values.pop() for person, values in found.items() if len(values) == 1}


async def _languages(connection: AsyncConnection, people: Sequence[UUID]) -> Mapping[tuple[UUID, str], str]:
    """What those who have an account read in the app."""
    query = select(Account.person_id, Account.portal, Account.locale)
    rows = await connection.execute(query.where(Account.person_id.in_(people), Account.locale.is_not(None)))
    return {(row.person_id, row.portal): row.locale for row in rows}


async def _schools(connection: AsyncConnection, people: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Their own, and those of the students whom the portal shows them."""
    own = select(Enrollment.person_id.label("reader"), School.name).join(School, School.id == Enrollment.school_id)
    shown = (
        select(Relationship.guardian_id.label("reader"), School.name)
        .join(Enrollment, Enrollment.person_id == Relationship.student_id)
        .join(School, School.id == Enrollment.school_id)
        .join(Person, Person.id == Relationship.student_id)
        .where(
            Relationship.guardian_id.in_(people),
            Relationship.portal.is_(True),
            Relationship.ended_at.is_(None),
            Person.ended_at.is_(None),
        )
    )
    queries = [own.where(Enrollment.person_id.in_(people)), shown]
    found: dict[UUID, set[str]] = defaultdict(set)
    for query in queries:
        for row in await connection.execute(query.where(School.ended_at.is_(None))):
            found[row.reader].add(row.name)
    return defaultdict(tuple, {person: tuple(sorted(names)) for person, names in found.items()})
