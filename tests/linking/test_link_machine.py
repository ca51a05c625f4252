"""Whatever owners, offices and the clock do in whatever order, links are what the rules say (D26, D35)."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.clock import ManualClock
from tests.linking.families import Login, Region
from tests.support.engines import sqlite_only
from tests.support.portal import refused

DISTRICTS = ["wake", "wake", "kent", "sussex"]
STEPS = 120
ONCE_AN_HOUR = 15
"""Steps from one hour to the next: fewer than would meet the limit of wrong codes."""
SEED = 20_260_803
LIFETIME = timedelta(minutes=10)


@sqlite_only
async def test_d26_links_are_what_the_rules_say(region: Region, clock: ManualClock) -> None:
    """A long walk of four people, the same every time; after each step the database and all open apps are looked at."""
    walk = Walk(region, clock, await region.family(*DISTRICTS, address="maria@mail.example.org"))
    for number in range(STEPS):
        if number % ONCE_AN_HOUR == 0:
            await walk.begin_an_hour()
        await walk.step()
        await walk.look()
    assert min(walk.done.values()) > 0, "everything happened at least once"


@dataclass
class Code:
    owner: int
    text: str
    shown_at: datetime
    is_used: bool = False
    is_dead: bool = False


@dataclass
class Switched:
    """A session that was switched to, and whether it may still be used."""

    login: Login
    root: int
    target: int
    is_ended: bool = False


@dataclass
class Model:
    """What the rules say of the four accounts, each by its number."""

    groups: list[set[int]] = field(default_factory=list)
    suspended: set[int] = field(default_factory=set)
    disabled: set[int] = field(default_factory=set)
    codes: list[Code] = field(default_factory=list)
    switched: list[Switched] = field(default_factory=list)

    def group(self, who: int) -> set[int]:
        return next((group for group in self.groups if who in group), {who})

    def are_linked(self, one: int, other: int) -> bool:
        both = {one, other}
        return len(both) == 2 and other in self.group(one) and not both & self.suspended

    def merge(self, one: int, other: int) -> None:
        merged = self.group(one) | self.group(other)
        self.groups = [group for group in self.groups if not group & merged] + [merged]

    def take_out(self, who: int) -> None:
        self.groups = [rest for group in self.groups if len(rest := group - {who}) > 1]
        self.suspended &= set().union(*self.groups)
        self.end_switches(who)

    def end_switches(self, who: int) -> None:
        for session in self.switched:
            session.is_ended |= who in {session.root, session.target}

    def kill_codes(self, who: int) -> None:
        for code in self.codes:
            code.is_dead |= code.owner == who


class Walk:
    """Draws what happens next, does it, and holds it against the model."""

    def __init__(self, region: Region, clock: ManualClock, people: list[Login]) -> None:
        self.region, self.clock, self.people = region, clock, people
        self.model = Model()
        self.chance = random.Random(SEED)  # noqa: S311  # a story that can be told again
        self.resets_left = set(range(len(people)))
        self.passwords = 0
        self.done = dict.fromkeys(["linked", "unlinked", "switched", "reset", "confirmed", "refused"], 0)

    async def begin_an_hour(self) -> None:
        self.clock.advance(timedelta(hours=1))
        self.resets_left = set(range(len(self.people)))
        for who in self.model.disabled.copy():
            await self.enable(who)

    async def step(self) -> None:
        """Links and switches are drawn more often than what ends them, so that there is something to end."""
        who, other = self.chance.sample(range(len(self.people)), 2)
        self.clock.advance(timedelta(seconds=self.chance.choice([1, 1, 1, 1, 590, 601])))
        draws = {
            self.link: 6, self.show: 2, self.redeem: 4, self.switch: 8, self.unlink: 1,
            self.disable: 1, self.enable: 2, self.reset: 2, self.confirm: 5, self.start_over: 1,
        }  # fmt: skip
        (happens,) = self.chance.choices(list(draws), weights=list(draws.values()))
        await happens(who, other)

    async def link(self, who: int, other: int) -> None:
        """Both steps at once, so that there are links to do something with."""
        known = len(self.model.codes)
        await self.show(who, other)
        if len(self.model.codes) > known:
            await self.type_code(other, self.model.codes[-1])

    async def show(self, who: int, _: int) -> None:
        if not await self.signs_in(who):
            return
        answer = await self.people[who].ask("POST", "/districts/link/codes")
        if who in self.model.suspended:
            assert refused(answer) == (403, "links_suspended")
            return
        live = [code for code in self.model.codes if code.owner == who and self.works(code)]
        for code in live[:-4]:
            code.is_dead = True
        self.model.codes.append(Code(who, answer.json()["code"], self.clock.now()))

    async def redeem(self, who: int, _: int) -> None:
        """One of the last codes, used or not."""
        if self.model.codes:
            await self.type_code(who, self.chance.choice(self.model.codes[-4:]))

    async def type_code(self, who: int, code: Code) -> None:
        if not await self.signs_in(who):
            return
        answer = await self.people[who].redeem(code.text)
        outcome = answer.status_code if answer.is_success else refused(answer)
        assert outcome in self.expected(who, code), answer.text
        self.done["linked" if answer.is_success else "refused"] += 1
        if answer.is_success:
            code.is_used = True
            self.model.merge(who, code.owner)

    def expected(self, who: int, code: Code) -> set[object]:
        model = self.model
        if who in model.suspended:
            return {(403, "links_suspended")}
        if code.is_used or code.owner in model.disabled:
            return {(404, "link_code_invalid")}
        if not self.works(code) or code.owner in model.suspended:
            return {(404, "link_code_invalid"), (410, "link_code_expired")}
        if DISTRICTS[who] == DISTRICTS[code.owner]:
            return {(409, "same_district")}
        if code.owner in model.group(who):
            return {(409, "already_linked")}
        both = [DISTRICTS[number] for number in model.group(who) | model.group(code.owner)]
        return {201} if len(set(both)) == len(both) else {(409, "same_district")}

    async def unlink(self, who: int, other: int) -> None:
        if not await self.signs_in(who):
            return
        is_there = other in self.model.group(who)
        assert (await self.people[who].unlink(self.people[other])).is_success == is_there
        if is_there:
            self.model.take_out(other)
            self.done["unlinked"] += 1

    async def switch(self, who: int, other: int) -> None:
        if not await self.signs_in(who):
            return
        if self.model.are_linked(who, other) and other not in self.model.disabled:
            there = await self.people[who].switched_to(self.people[other])
            self.model.switched.append(Switched(there, who, other))
            self.done["switched"] += 1
        else:
            assert refused(await self.people[who].switch_to(self.people[other])) == (404, "not_found")

    async def disable(self, who: int, _: int) -> None:
        await self.people[who].office.disable(self.people[who])
        self.model.disabled.add(who)
        self.model.end_switches(who)

    async def enable(self, who: int, _: int = 0) -> None:
        await self.people[who].office.enable(self.people[who])
        self.model.disabled.discard(who)

    async def reset(self, who: int, _: int) -> None:
        """By mail, and not too often: more mails in an hour are not sent."""
        if who in self.model.disabled or who not in self.resets_left:
            return
        self.resets_left.discard(who)
        self.passwords += 1
        login = self.people[who]
        await login.post.deliver()
        assert (await login.reset(await login.reset_link(), f"Quiet harbour {self.passwords:03}")).status_code == 204
        if len(self.model.group(who)) > 1:
            self.model.suspended.add(who)
            self.done["reset"] += 1
        self.model.end_switches(who)
        self.model.kill_codes(who)

    async def confirm(self, who: int, _: int) -> None:
        if not await self.signs_in(who):
            return
        is_asked = "confirm_links" in self.people[who].session["next_steps"]
        assert is_asked == (who in self.model.suspended)
        assert (await self.people[who].confirm_links()).status_code == 204
        self.model.suspended.discard(who)
        self.done["confirmed"] += is_asked

    async def start_over(self, who: int, _: int) -> None:
        """With a new key: whoever has it may be somebody else, so nothing of the links is left."""
        if who in self.model.disabled:
            return
        login = self.people[who]
        login.key = await login.office.key_for(login.person_id, login.portal)
        assert (await login.activate()).status_code == 201
        await login.own_address(f"{login.account_id}@mail.example.org")
        self.model.take_out(who)
        self.model.end_switches(who)
        self.model.kill_codes(who)

    async def look(self) -> None:
        """Groups are those of the model, and switched sessions work just as long as they may."""
        expected = {frozenset(self.people[who].account_id for who in group) for group in self.model.groups}
        assert await self.region.groups() == expected
        for session in self.model.switched[-6:]:
            assert (await session.login.refresh()).is_success == (not session.is_ended)
            assert session.is_ended or await session.login.is_signed_in()

    async def signs_in(self, who: int) -> bool:
        """Whether the account can be signed in to now; then its app holds fresh tokens."""
        answer = await self.people[who].sign_in()
        assert answer.is_success == (who not in self.model.disabled), answer.text
        return answer.is_success

    def works(self, code: Code) -> bool:
        return not code.is_used and not code.is_dead and self.clock.now() < code.shown_at + LIFETIME
