"""The people of a district, and those who run it: what happens behind the counter, done through the services and the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Update, text, update

from app.composition import Campus
from app.models import ActivationKey, Base, Enrollment, Person, Relationship, School
from app.portals import Portal
from app.services.clerk import Clerk, operator_of
from app.services.keys import IssuedKey
from app.services.office.account_diagnosis import AccountDiagnosis
from app.services.office.accounts import ResetMethod
from app.services.portal_access import end_sessions_without_access
from app.text import name_words
from tests.support.portal import Server, User


@dataclass(frozen=True)
class Office:
    """One open district."""

    server: Server
    district: str

    @classmethod
    async def open(
        cls, server: Server, district: str = "jackson", name: str = "Jackson County Schools", state: str = "GA"
    ) -> "Office":
        await server.campus.district_office.add(
            district_id=district, name=name, state=state, timezone="America/New_York", city="Jefferson"
        )
        return cls(server, district)

    @property
    def campus(self) -> Campus:
        return self.server.campus

    @property
    def operator(self) -> Clerk:
        """Somebody with a shell on the server."""
        return operator_of(self.district)

    async def set(self, *assignments: str) -> None:
        await self.campus.district_office.set(self.district, assignments)

    async def school(self, name: str) -> UUID:
        school = School(id=uuid4(), district_id=self.district, sourced_id=name, name=name)
        await self._add(school)
        return school.id

    async def student(
        self, name: str, *, number: str | None = None, state_id: str | None = None, school: UUID | None = None
    ) -> UUID:
        """`name` is first and last name; gives the person's id."""
        student = self._person(name, is_student=True, student_number=number, state_id=state_id)
        await self._add(student)
        if school:
            await self.enroll(student.id, school)
        return student.id

    async def enroll(self, person: UUID, school: UUID, *, is_primary: bool = True) -> None:
        await self._add(Enrollment(person_id=person, school_id=school, is_primary=is_primary))

    async def guardian(self, name: str, students: Sequence[UUID], *, is_staff: bool = False) -> UUID:
        guardian = self._person(name, is_guardian=True, is_staff=is_staff)
        await self._add(guardian)
        await self._add(*(self._relationship(guardian.id, student, portal=True) for student in students))
        return guardian.id

    async def relate(self, guardian: UUID, student: UUID, *, portal: bool = True) -> None:
        await self._add(self._relationship(guardian, student, portal=portal))

    async def staff_member(self, name: str) -> UUID:
        person = self._person(name, is_staff=True)
        await self._add(person)
        return person.id

    async def parent(self, name: str = "Maria Lopez", *, children: Sequence[str] = ("Ana Lopez", "Ben Lopez")) -> User:
        """A parent with a live key in her hand, and children whom the portal shows."""
        students = [await self.student(child) for child in children]
        return await self.user(await self.guardian(name, students), Portal.PARENT)

    async def parents(self, count: int) -> list[User]:
        """So many parents, each with a key and a child."""
        ids: list[UUID] = []
        for number in range(count):
            student = self._person(f"Child {number}", is_student=True)
            guardian = self._person(f"Parent {number}", is_guardian=True)
            await self._add(student, guardian)
            await self._add(self._relationship(guardian.id, student.id, portal=True))
            ids.append(guardian.id)
        keys = {key.person_id: key for key in await self.issue_keys(Portal.PARENT)}
        return [self.visitor(person, keys[person].activation_key) for person in ids]

    async def user(self, person: UUID, portal: Portal) -> User:
        """The person with an app and a new key."""
        return self.visitor(person, await self.key_for(person, portal), portal)

    def visitor(self, person: UUID, key: str, portal: Portal = Portal.PARENT) -> User:
        """The person with an app and this key."""
        username = f"{portal.value}{person.hex[:12]}1"
        return User(self.server, self.district, portal, person, username, key)

    async def key_for(self, person: UUID, portal: Portal) -> str:
        """A new key; the one before opens nothing any more."""
        key = await self.campus.key_issue.replace(self.district, str(person), portal, _to_nobody)
        return key.activation_key

    async def name_key(self, person: UUID, username: str) -> None:
        """The person's live key brings this username."""
        live = (ActivationKey.person_id == person, ActivationKey.used_at.is_(None), ActivationKey.revoked_at.is_(None))
        await self._change(update(ActivationKey).where(*live).values(username=username))

    async def issue_keys(self, portal: Portal) -> list[IssuedKey]:
        printed: list[IssuedKey] = []

        async def print_letters(keys: Sequence[IssuedKey]) -> None:
            printed.extend(keys)

        await self.campus.key_issue.issue(self.district, print_letters, portals=[portal])
        return printed

    async def unlock(self, user: User) -> None:
        await self.campus.accounts.unlock(self.operator, await self.account_id(user))

    async def disable(self, user: User) -> None:
        await self.campus.accounts.disable(self.operator, await self.account_id(user))

    async def enable(self, user: User) -> None:
        await self.campus.accounts.enable(self.operator, await self.account_id(user))

    async def reset(self, user: User) -> str:
        """Starts the account over, and gives the new key."""
        reset = await self.campus.accounts.reset(self.operator, await self.account_id(user), ResetMethod.KEY)
        assert reset.key is not None
        return reset.key.activation_key

    async def account_id(self, user: User) -> UUID:
        return await self.campus.accounts.find(self.operator, user.username, user.portal)

    async def diagnosis(self, user: User) -> AccountDiagnosis:
        """What the help desk sees of the account."""
        return await self.campus.account_desk.one(self.operator, await self.account_id(user))

    async def live_sessions(self, user: User) -> int:
        return (await self.diagnosis(user)).live_sessions

    async def take_portal_away(self, guardian: User) -> None:
        """The guardian keeps the relationships, but none of them opens the portal."""
        await self._set_portal(guardian, portal=False)

    async def give_portal_back(self, guardian: User) -> None:
        await self._set_portal(guardian, portal=True)

    async def end(self, person: UUID) -> None:
        """The person leaves the roster."""
        left = update(Person).where(Person.id == person).values(ended_at=self.campus.clock.now())
        await self._change(left)

    async def lose_table(self, table: type[Base]) -> None:
        """Makes every request that needs the table fail for a cause that nobody foresaw."""
        async with self.campus.database.transaction() as session:
            await session.execute(text(f"DROP TABLE {table.__tablename__}"))

    async def _set_portal(self, guardian: User, *, portal: bool) -> None:
        mine = Relationship.guardian_id == guardian.person_id
        await self._change(update(Relationship).where(mine).values(portal=portal))

    async def _change(self, statement: Update) -> None:
        async with self.campus.database.transaction() as session:
            await session.execute(statement)
            await end_sessions_without_access(session, self.district, self.campus.clock.now())

    async def _add(self, *rows: object) -> None:
        async with self.campus.database.transaction() as session:
            session.add_all(rows)

    def _person(self, name: str, **columns: object) -> Person:
        first, _, last = name.partition(" ")
        return Person(
            id=uuid4(),
            district_id=self.district,
            sourced_id=uuid4().hex,
            first_name=first,
            last_name=last,
            name_words=name_words(first, last),
            first_seen_at=self.campus.clock.now(),
            **columns,
        )

    def _relationship(self, guardian: UUID, student: UUID, *, portal: bool) -> Relationship:
        return Relationship(
            district_id=self.district,
            guardian_id=guardian,
            student_id=student,
            relation="parent",
            guardian=True,
            mailing=True,
            portal=portal,
            messenger=True,
        )


async def _to_nobody(_: Sequence[IssuedKey]) -> None:
    """The key that is given back is in good hands already."""
