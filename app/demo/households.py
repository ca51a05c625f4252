"""Where the demo's families live: each adult with the children at an address of his own, so that a child may have two homes."""

from sqlalchemy import select

from app.composition import Campus
from app.demo.blueprint import DemoDistrict, Home
from app.models import Person
from app.services.clerk import operator_of
from app.services.household_facts import HouseholdFacts


async def enter_homes(campus: Campus, district: DemoDistrict) -> None:
    """Those that are not there yet; what somebody has changed since stays."""
    for home in district.homes:
        await _enter(campus, district, home)


async def _enter(campus: Campus, district: DemoDistrict, home: Home) -> None:
    clerk, members = operator_of(district.id), (home.adult, *home.children)
    async with campus.database.reading() as connection:
        of_district = (Person.district_id == district.id, Person.sourced_id.in_(members))
        rows = (await connection.execute(select(Person.sourced_id, Person.id).where(*of_district))).all()
    ids = {row.sourced_id: row.id for row in rows}
    if (await campus.household_desk.page(clerk, person_id=ids[home.adult])).items:
        return
    address = {"street": home.street, "city": district.city, "state": district.state, "postal_code": home.postal_code}
    facts = HouseholdFacts.model_validate({"address": address, "phones": home.phones, "emails": home.emails})
    await campus.household_desk.add(clerk, facts, list(ids.values()))
