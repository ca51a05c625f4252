"""Fills a development database the way an operator would: districts, rosters, keys, and accounts made with those keys."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.composition import Campus
from app.demo.blueprint import DemoDistrict, DemoLogin
from app.demo.districts import DEMO_DISTRICTS, JACKSON, PASSWORD, TOTP_SECRET
from app.demo.households import enter_homes
from app.demo.rosters import import_rosters
from app.demo.school_year import begin_grading
from app.demo.staff import hire_staff
from app.errors import KeyRefused
from app.models import Account, MailedLink, Person
from app.portals import Portal
from app.services.activate import ActivationRequest
from app.services.clerk import operator_of
from app.services.keys import IssuedKey
from app.services.mailed_links import LinkPurpose
from app.services.office.announcements import Notice
from app.services.office.key_file import KeyFile


@dataclass(frozen=True)
class Login:
    district: str
    portal: str
    username: str
    password: str
    who: str


@dataclass(frozen=True)
class DemoSummary:
    """What a newcomer needs to begin."""

    logins: Sequence[Login]
    unused_key: str
    totp_secret: str
    """Of the authenticator of every login of the staff portal."""
    urls: dict[str, str]
    to_try: dict[str, Sequence[str]]
    """By district."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


async def fill_demo(campus: Campus) -> DemoSummary:
    """Adds what is missing; a second run changes nothing."""
    for district in DEMO_DISTRICTS:
        await _fill_district(campus, district)
    return DemoSummary(
        logins=[login for district in DEMO_DISTRICTS for login in _logins(district)],
        unused_key=await _unused_key(campus),
        urls={
            "API": campus.settings.public_url,
            "Specification": f"{campus.settings.public_url}/docs",
            "Mails": f"{campus.settings.public_url}/dev/mail",
            "Demo district": f"{campus.settings.public_url}/districts/{JACKSON.id}",
        },
        totp_secret=TOTP_SECRET,
        to_try={district.id: district.to_try for district in DEMO_DISTRICTS if district.to_try},
    )


def _logins(district: DemoDistrict) -> list[Login]:
    families = [(login.portal, login.username, login.who) for login in district.logins]
    staff = [(Portal.STAFF, member.username, member.who) for member in district.staff]
    return [Login(district.id, portal, username, PASSWORD, who) for portal, username, who in families + staff]


async def _fill_district(campus: Campus, district: DemoDistrict) -> None:
    await campus.district_office.add(
        district_id=district.id,
        name=district.name,
        state=district.state,
        timezone=district.timezone,
        city=district.city,
    )
    await campus.district_office.set(district.id, district.settings)
    await _announce(campus, district)
    await import_rosters(campus, district)
    await hire_staff(campus, district)
    await begin_grading(campus, district)
    await enter_homes(campus, district)
    for login in district.logins:
        await _ensure_login(campus, district, login)
    with KeyFile(_key_file(campus, district), append=True) as file:
        await campus.key_issue.issue(district.id, file.deliver, portals=[Portal.PARENT])


async def _announce(campus: Campus, district: DemoDistrict) -> None:
    published = {notice.title for notice in (await campus.districts.login_screen(district.id)).announcements}
    for notice in district.notices:
        if notice.title not in published:
            link = {"label": notice.label, "url": notice.url}
            announced = Notice(notice.title, notice.body, [link], notice.published_on)
            await campus.announcements.publish(operator_of(district.id), announced)


async def _ensure_login(campus: Campus, district: DemoDistrict, login: DemoLogin) -> None:
    """An account made with a real key, unless the person has one."""
    async with campus.database.reading() as connection:
        has_account = (
            select(Account.id)
            .join(Person, Person.id == Account.person_id)
            .where(
                Person.district_id == district.id,
                Person.sourced_id == login.sourced_id,
                Account.portal == login.portal.value,
            )
        )
        if (await connection.execute(has_account)).first():
            return
    key = await campus.key_issue.replace(district.id, login.sourced_id, login.portal, _to_nobody)
    opened = await campus.activation.activate(
        ActivationRequest(
            district=district.id,
            activation_key=key.activation_key,
            username=login.username,
            password=PASSWORD,
            password_confirm=PASSWORD,
            recovery_email=login.email,
        )
    )
    if login.email:
        await _confirm_address(campus, opened.account.id)


async def _confirm_address(campus: Campus, account_id: UUID) -> None:
    """What its owner would do with the mail, which is then no longer needed."""
    async with campus.database.reading() as connection:
        link = (await connection.execute(select(MailedLink.id).where(MailedLink.account_id == account_id))).scalar_one()
    links = campus.recovery_email.links
    await campus.recovery_email.confirm(links.tokens.issue(LinkPurpose.CONFIRM_EMAIL.value, link))


async def _to_nobody(_: Sequence[IssuedKey]) -> None:
    """These keys are used at once."""


async def _unused_key(campus: Campus) -> str:
    """The first key of the demo's own key file that still opens something; "" where all have been used."""
    with _key_file(campus, JACKSON).open(encoding="utf-8", newline="") as lines:
        keys = [row["activation_key"] for row in csv.DictReader(lines)]
    for key in keys:
        try:
            await campus.activation.verify(JACKSON.id, key)
        except KeyRefused:
            continue
        return key
    return ""


def _key_file(campus: Campus, district: DemoDistrict) -> Path:
    return campus.settings.data_folder / f"demo-keys-{district.id}.csv"
