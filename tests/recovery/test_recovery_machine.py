"""Whatever an owner, a thief, the post and the clock do in whatever order, no password is set without its proof (D21, D22)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import TypeVar, cast
from uuid import UUID

from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.models import Account
from app.security.hash_pool import HashPool
from app.security.hash_threads import HashThreads
from app.security.passwords import PasswordHasher
from app.settings import Settings as CampusSettings
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import CONFIRM, DISPUTE, RESET, Mail, Owner, Post, new_owner, posting, use_hash_pool

EXAMPLES = settings(
    max_examples=20, stateful_step_count=20, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LIFETIMES = {RESET: timedelta(minutes=30), CONFIRM: timedelta(hours=24), DISPUTE: timedelta(days=7)}
AT_ONCE = strategies.sampled_from([True, True, False])
"""Whether a worker is at work."""
PERSON = strategies.sampled_from([0, 1])
NUMBERS = count(1)
T = TypeVar("T")


@sqlite_only
def test_d21_no_path_sets_a_password_without_its_proof(settings: CampusSettings, clock: ManualClock) -> None:
    with asyncio.Runner() as runner, district(runner, settings, clock) as (office, post):
        # hypothesis takes whatever makes a machine, though its type says class.
        machine = cast("type[RecoveryMachine]", partial(RecoveryMachine, runner, office, post, clock))
        run_state_machine_as_test(machine, settings=EXAMPLES)


@contextmanager
def district(runner: asyncio.Runner, settings: CampusSettings, clock: ManualClock) -> Iterator[tuple[Office, Post]]:
    """The server lives in the runner's loop for all examples; each of them has people of its own."""
    sender = MemorySender()
    server = posting(settings, clock, sender)
    threads = HashThreads(PasswordHasher(memory_kib=64, time_cost=1), 1)
    cheap = HashPool(threads, queue=100)

    async def start() -> tuple[Office, Post]:
        post = Post(await server.__aenter__(), sender.messages)
        use_hash_pool(post.server, cheap)
        return await Office.open(post.server), post

    try:
        yield runner.run(start())
    finally:
        threads.stop()
        runner.run(server.__aexit__(None, None, None))


@dataclass
class Link:
    """A link in somebody's mailbox, and what the rules say of it."""

    page: str
    token: str
    address: str
    sent_at: datetime
    promised_at: datetime
    is_dead: bool = False

    def works(self, now: datetime) -> bool:
        return not self.is_dead and now < self.sent_at + LIFETIMES[self.page]


@dataclass
class Model:
    """An account as the rules say it is."""

    owner: Owner
    address: str | None
    password: str | None
    pending: str | None = None
    is_signed_in: bool = True
    misses: int = 0
    links: list[Link] = field(default_factory=list)
    notices: list[tuple[str, datetime]] = field(default_factory=list)
    """Promised and not yet sent: to whom, and when the change was."""
    expected_hash: str | None = None

    def kill(self, *pages: str) -> None:
        for link in self.links:
            link.is_dead |= link.page in pages

    def working(self, page: str, now: datetime) -> list[Link]:
        return [link for link in self.links if link.page == page and link.works(now)]


class RecoveryMachine(RuleBasedStateMachine):
    def __init__(self, runner: asyncio.Runner, office: Office, post: Post, clock: ManualClock) -> None:
        super().__init__()
        self.runner, self.office, self.post, self.clock = runner, office, post, clock
        self.people = [self.arrive(name) for name in ("Maria Lopez", "Rosa Diaz")]

    def arrive(self, name: str) -> Model:
        address = f"owner{next(NUMBERS)}@mail.example.org"
        owner = self.runner.run(new_owner(self.office, self.post, name, address=address))
        model = Model(owner, address, owner.password)
        model.expected_hash = self.runner.run(self.stored_hash(model))
        return model

    @rule(who=PERSON, by_username=strategies.booleans(), at_once=AT_ONCE)
    def ask_for_a_reset(self, who: int, by_username: bool, at_once: bool) -> None:
        """Anybody may: the answer is always the same, but for the sixth who asks for usernames on a day."""
        model = self.people[who]
        address = model.address or "nobody@mail.example.org"
        asked = model.owner.ask_for_reset() if by_username else model.owner.ask_for_usernames(address)
        assert self.runner.run(asked).status_code in {202, 429}
        if at_once:
            self.deliver()

    @rule()
    def deliver(self) -> None:
        for mail in self.runner.run(self.post.deliver()):
            if mail.leads_to(RESET):
                self.received_reset(mail)
            for page in (CONFIRM, DISPUTE):
                if mail.leads_to(page):
                    self.received(mail, page)

    def received_reset(self, mail: Mail) -> None:
        """It came to the address that counts, and is the newest of each account that it names."""
        assert len(mail.usernames) == len(mail.tokens()) > 0
        for username, token in zip(mail.usernames, mail.tokens(), strict=True):
            (model,) = [model for model in self.people if model.owner.username == username]
            assert mail.to == model.address
            model.kill(RESET)
            model.links.append(Link(RESET, token, mail.to, self.clock.now(), self.clock.now()))

    def received(self, mail: Mail, page: str) -> None:
        if page == CONFIRM:
            (model,) = [model for model in self.people if model.pending == mail.to]
            model.links.append(Link(CONFIRM, mail.token(CONFIRM), mail.to, self.clock.now(), self.clock.now()))
            return
        (model,) = [model for model in self.people if mail.to in {to for to, _ in model.notices}]
        notice = next(notice for notice in model.notices if notice[0] == mail.to)
        model.notices.remove(notice)
        model.links.append(Link(DISPUTE, mail.token(DISPUTE), mail.to, self.clock.now(), notice[1]))

    @precondition(lambda self: self.known_links(RESET))
    @rule(data=strategies.data())
    def use_a_reset_link(self, data: strategies.DataObject) -> None:
        """Any that was ever mailed, whoever presents it, whoever she says she is."""
        model, link = self.draw(data, RESET)
        password = new_password()
        answer = self.runner.run(self.people[0].owner.on_another_device().reset(link.token, password))
        assert answer.is_success == link.works(self.clock.now()), answer.text
        if answer.is_success:
            model.kill(RESET, CONFIRM)
            model.pending, model.is_signed_in = None, False
            self.password_is_set(model, password)
        else:
            assert refused(answer) == (410, "reset_link_invalid")

    @precondition(lambda self: self.known_links(CONFIRM))
    @rule(data=strategies.data(), in_app=strategies.booleans(), other=strategies.booleans())
    def confirm_an_address(self, data: strategies.DataObject, in_app: bool, other: bool) -> None:
        """From the mail, by its owner in the app, or by somebody else in his."""
        model, link = self.draw(data, CONFIRM)
        caller = next(person for person in self.people if (person is model) != other)
        if in_app and not self.signs_in(caller):
            return
        confirm = caller.owner.confirm_in_app(token=link.token) if in_app else caller.owner.confirm(link.token)
        answer = self.runner.run(confirm)
        assert answer.is_success == (link.works(self.clock.now()) and not (in_app and other)), answer.text
        if answer.is_success:
            model.address, model.pending = link.address, None
            model.kill(RESET, CONFIRM)

    @precondition(lambda self: self.known_links(DISPUTE))
    @rule(data=strategies.data())
    def dispute(self, data: strategies.DataObject) -> None:
        model, link = self.draw(data, DISPUTE)
        answer = self.runner.run(model.owner.dispute(link.token))
        assert answer.is_success == link.works(self.clock.now()), answer.text
        if answer.is_success:
            model.address, model.pending, model.is_signed_in = link.address, None, False
            model.kill(RESET, CONFIRM)
            self.end_disputes(model, link.promised_at)
            model.password = model.expected_hash = None

    def end_disputes(self, model: Model, since: datetime) -> None:
        """Those of the same change and of later ones; what has not left yet brings no link."""
        for other in model.links:
            other.is_dead |= other.page == DISPUTE and other.promised_at >= since
        model.notices = [notice for notice in model.notices if notice[1] < since]

    @rule(who=PERSON, at_once=AT_ONCE)
    def give_another_address(self, who: int, at_once: bool) -> None:
        model = self.people[who]
        if not self.signs_in(model):
            return
        new = f"new{next(NUMBERS)}@mail.example.org"
        self.clock.advance(timedelta(seconds=1))
        assert self.runner.run(model.owner.set_address(new)).status_code == 202
        model.pending = new
        model.kill(CONFIRM)
        self.is_told(model)
        if at_once:
            self.deliver()

    @rule(who=PERSON, knows=strategies.booleans())
    def change_the_password(self, who: int, knows: bool) -> None:
        model = self.people[who]
        if not self.signs_in(model):
            return
        self.clock.advance(timedelta(seconds=1))
        password = new_password()
        changes = {} if knows else {"current_password": "a guess"}
        answer = self.runner.run(model.owner.change_password(password, **changes))
        assert answer.is_success == knows, answer.text
        if knows:
            model.kill(RESET)
            self.password_is_set(model, password)

    def password_is_set(self, model: Model, password: str) -> None:
        model.password = model.owner.password = password
        model.expected_hash = self.runner.run(self.stored_hash(model))
        assert self.runner.run(model.owner.signs_in_with(password))
        self.is_told(model)
        self.is_told(model)

    def is_told(self, model: Model) -> None:
        """Of a new password, and of each sign-in, as they all come from new devices."""
        if model.address:
            model.notices.append((model.address, self.clock.now()))

    @rule(who=PERSON)
    def start_over_with_a_key(self, who: int) -> None:
        model = self.people[who]
        owner = model.owner
        owner.key = self.runner.run(self.office.key_for(owner.person_id, owner.portal))
        owner.password = new_password()
        assert self.runner.run(owner.activate()).status_code == 201
        model.address = model.pending = None
        model.is_signed_in, model.password, model.notices = True, owner.password, []
        model.kill(RESET, CONFIRM, DISPUTE)
        model.expected_hash = self.runner.run(self.stored_hash(model))

    @rule(minutes=strategies.sampled_from([1, 29, 31, 25 * 60, 8 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        """The worker may have been off all the while: mails older than a day are given up."""
        self.clock.advance(timedelta(minutes=minutes))
        day_ago = self.clock.now() - timedelta(hours=24)
        for model in self.people:
            model.notices = [notice for notice in model.notices if notice[1] > day_ago]

    @invariant()
    def nobody_has_a_password_that_was_not_proven(self) -> None:
        for model in self.people:
            assert self.runner.run(self.stored_hash(model)) == model.expected_hash

    def teardown(self) -> None:
        """Nothing of this example is left in the outbox for the next."""
        self.runner.run(self.post.deliver())

    def signs_in(self, model: Model) -> bool:
        """Whether the account can be signed in to now; then its app holds fresh tokens."""
        if model.password is None:
            return False
        is_in = self.runner.run(model.owner.sign_in(password=model.password)).is_success
        if is_in:
            self.is_told(model)
        return is_in

    def known_links(self, page: str) -> list[tuple[Model, Link]]:
        return [(model, link) for model in self.people for link in model.links if link.page == page]

    def draw(self, data: strategies.DataObject, page: str) -> tuple[Model, Link]:
        """One that works is as likely as one that does not."""
        known = self.known_links(page)
        working = [pair for pair in known if pair[1].works(self.clock.now())]
        return data.draw(strategies.sampled_from(working or known) | strategies.sampled_from(known))

    async def stored_hash(self, model: Model) -> str | None:
        account_id = UUID(model.owner.session["account"]["id"])
        query = select(Account.password_hash).where(Account.id == account_id)
        async with self.post.server.campus.database.reading() as connection:
            stored: str | None = (await connection.execute(query)).scalar_one()
        return stored


def new_password() -> str:
    return f"Wide river {next(NUMBERS):05}"
