"""Whatever a student, a thief and the office do in whatever order, the password changes only by a path that had its proof (D21)."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Account
from app.services.office.accounts import ResetMethod
from app.settings import Settings as CampusSettings
from tests.claiming.students import ANSWERS, CLAIM_ON, WRONG_ANSWERS, Student, given, new_student
from tests.recovery.test_recovery_machine import district
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import refused
from tests.support.recovery import RESET, Post

SLOWLY: Any = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
EXAMPLES = {True: settings(max_examples=15, stateful_step_count=24, **SLOWLY)}
EXAMPLES[False] = settings(max_examples=2, stateful_step_count=24, **SLOWLY)
"""On SQLite, and a few on the slower engine."""
LIFETIMES = {"claim": timedelta(minutes=15), "questions": timedelta(minutes=10), "answers": timedelta(minutes=10),
             "mail": timedelta(minutes=30), "key": timedelta(days=90)}  # fmt: skip
MISSES_A_DAY = 5
WHO = strategies.sampled_from([0, 1])
NUMBERS = count(1)


def test_d21_a_password_changes_only_by_a_path_that_had_its_proof(settings: CampusSettings, clock: ManualClock) -> None:
    with (
        asyncio.Runner() as runner,
        district(runner, settings, clock) as (office, post),
        quick_hashes(post.server),
    ):
        runner.run(office.set(*CLAIM_ON))
        # hypothesis takes whatever makes a machine, though its type says class.
        machine = cast("type[ResetMachine]", partial(ResetMachine, runner, office, post, clock))
        run_state_machine_as_test(machine, settings=EXAMPLES[settings.is_sqlite])


@dataclass
class Proof:
    """Something that was handed out against a proof, and what the rules say of it."""

    kind: str
    token: str
    since: datetime
    is_dead: bool = False

    def lives(self, now: datetime) -> bool:
        return not self.is_dead and now < self.since + LIFETIMES[self.kind]


@dataclass
class Model:
    """An account as the rules say it is."""

    student: Student
    address: str
    password: str | None
    is_open_to_claims: bool = False
    has_answers: bool = True
    has_address: bool = True
    misses: int = 0
    """Wrong answers since right ones; the fifth of a day is the last, and no day passes here."""
    proofs: list[Proof] = field(default_factory=list)
    expected_hash: str | None = None

    def hold(self, kind: str, token: str, now: datetime) -> None:
        self.proofs.append(Proof(kind, token, now))

    def kill(self, *kinds: str) -> None:
        for proof in self.proofs:
            proof.is_dead |= proof.kind in kinds


class ResetMachine(RuleBasedStateMachine):
    def __init__(self, runner: asyncio.Runner, office: Office, post: Post, clock: ManualClock) -> None:
        super().__init__()
        self.runner, self.office, self.post, self.clock = runner, office, post, clock
        self.people = [self.arrive(name) for name in ("Ana Lopez", "Ben Diaz")]

    def arrive(self, name: str) -> Model:
        """With a claimed account and a confirmed address."""
        number = next(NUMBERS)
        student = self.runner.run(new_student(self.office, self.post, name, f"{number:07}"))
        student.password, student.answers = new_password(), {**ANSWERS, "first_pet": f"Rex {number}"}
        self.runner.run(student.claims())
        model = Model(student, f"student{number}@mail.example.org", student.password)
        self.runner.run(student.own_address(model.address))
        model.expected_hash = self.runner.run(self.stored_hash(model))
        return model

    @rule(who=WHO)
    def begin_a_claim(self, who: int) -> None:
        """With every fact right: a ticket, if the office has opened the account for a claim."""
        model = self.people[who]
        answer = self.runner.run(model.student.claim())
        assert answer.is_success == model.is_open_to_claims, answer.text
        if answer.is_success:
            model.hold("claim", answer.json()["ticket"], self.clock.now())

    @precondition(lambda self: self.known("claim") or any(model.is_open_to_claims for model in self.people))
    @rule(data=strategies.data())
    def complete_a_claim(self, data: strategies.DataObject) -> None:
        """With a ticket of now, where there can be one, or any that was ever given."""
        for who, person in enumerate(self.people):
            if person.is_open_to_claims:
                self.begin_a_claim(who)
        model, ticket = self.draw(data, "claim")
        self.choose_password(model)
        answer = self.runner.run(model.student.on_another_device().complete(ticket.token))
        assert answer.is_success == (ticket.lives(self.clock.now()) and model.is_open_to_claims), answer.text
        if answer.is_success:
            self.starts_over(model)
            model.has_answers = True

    @rule(who=WHO)
    def ask_questions(self, who: int) -> None:
        """Anybody may, of anybody."""
        model = self.people[who]
        model.hold("questions", self.runner.run(model.student.questions()).json()["ticket"], self.clock.now())

    @rule(
        who=WHO, data=strategies.data(), how=strategies.sampled_from(["right", "right", "right", "wrong", "another's"])
    )
    def answer_questions(self, who: int, data: strategies.DataObject, how: str) -> None:
        """Those of a ticket of now, or of any that was ever given."""
        self.ask_questions(who)
        model, ticket = self.draw(data, "questions")
        (other,) = [person for person in self.people if person is not model]
        answers = {"right": model.student.answers, "wrong": WRONG_ANSWERS, "another's": other.student.answers}[how]
        answer = self.runner.run(other.student.answer_with(ticket.token, given(answers)))
        lives = ticket.lives(self.clock.now())
        is_right = how == "right" and model.has_answers and lives
        assert is_right if answer.is_success else not is_right or model.misses >= MISSES_A_DAY, answer.text
        if answer.is_success:
            model.misses = 0
            model.kill("answers")
            model.hold("answers", answer.json()["token"], self.clock.now())
        else:
            model.misses += lives

    @rule(who=WHO)
    def ask_for_a_mail(self, who: int) -> None:
        assert self.runner.run(self.people[who].student.ask_for_reset()).status_code == 202
        self.deliver()

    def deliver(self) -> None:
        """A link comes to the address of the account, and is the only one by mail."""
        for mail in self.runner.run(self.post.deliver()):
            if mail.leads_to(RESET):
                (model,) = [person for person in self.people if person.address == mail.to and person.has_address]
                model.kill("mail")
                model.hold("mail", mail.token(), self.clock.now())

    @precondition(lambda self: self.known("answers", "mail"))
    @rule(data=strategies.data())
    def use_a_token(self, data: strategies.DataObject) -> None:
        """Of answers or of a mail, used before or not, from anywhere."""
        model, token = self.draw(data, "answers", "mail")
        password = new_password()
        answer = self.runner.run(model.student.on_another_device().reset(token.token, password))
        assert answer.is_success == token.lives(self.clock.now()), answer.text
        if answer.is_success:
            self.password_is_set(model, password)
        else:
            assert refused(answer) == (410, "reset_link_invalid")

    @precondition(lambda self: self.known("claim", "questions", "answers", "mail", "key"))
    @rule(data=strategies.data())
    def use_it_for_something_else(self, data: strategies.DataObject) -> None:
        """What one path gave opens no other."""
        model, proof = self.draw(data, "claim", "questions", "answers", "mail", "key")
        student, password = model.student.on_another_device(), new_password()
        if proof.kind not in {"answers", "mail"}:
            assert not self.runner.run(student.reset(proof.token, password)).is_success
        if proof.kind != "claim":
            assert not self.runner.run(student.complete(proof.token)).is_success
        if proof.kind != "questions":
            assert not self.runner.run(student.answer_with(proof.token, given(student.answers))).is_success
        if proof.kind != "key":
            assert not self.runner.run(student.activate(activation_key=proof.token)).is_success

    @rule(who=WHO, method=strategies.sampled_from([*ResetMethod, ResetMethod.CLAIM]))
    def reset_at_the_office(self, who: int, method: ResetMethod) -> None:
        model = self.people[who]
        if method is ResetMethod.MAIL and not model.has_address:
            return
        reset = self.office.campus.accounts.reset(self.office.operator, account_id(model), method)
        answer = self.runner.run(reset)
        model.kill("answers", "mail")
        model.is_open_to_claims, model.has_answers, model.misses = method is ResetMethod.CLAIM, False, 0
        model.password = model.expected_hash = None
        if answer.key:
            model.kill("key")
            model.hold("key", answer.key.activation_key, self.clock.now())
        self.deliver()

    @precondition(lambda self: self.known("key"))
    @rule(data=strategies.data())
    def use_a_key(self, data: strategies.DataObject) -> None:
        model, key = self.draw(data, "key")
        self.choose_password(model)
        answer = self.runner.run(model.student.on_another_device().activate(activation_key=key.token))
        assert answer.is_success == key.lives(self.clock.now()), answer.text
        if answer.is_success:
            self.starts_over(model)

    @rule(who=WHO, knows=strategies.booleans())
    def change_the_password(self, who: int, knows: bool) -> None:
        model = self.people[who]
        if not self.signs_in(model):
            return
        password = new_password()
        changes = {} if knows else {"current_password": "a guess"}
        answer = self.runner.run(model.student.change_password(password, **changes))
        assert answer.is_success == knows, answer.text
        if knows:
            self.password_is_set(model, password)

    @rule(who=WHO, knows=strategies.booleans())
    def set_answers(self, who: int, knows: bool) -> None:
        model = self.people[who]
        if not self.signs_in(model):
            return
        changes = {} if knows else {"current_password": "a guess"}
        answer = self.runner.run(model.student.set_answers(model.student.answers, **changes))
        assert answer.is_success == knows, answer.text
        if knows:
            model.kill("answers")
            model.has_answers, model.misses = True, 0

    @rule(minutes=strategies.sampled_from([1, 11, 16, 31]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def nobody_has_a_password_that_was_not_proven(self) -> None:
        for model in self.people:
            assert self.runner.run(self.stored_hash(model)) == model.expected_hash

    def teardown(self) -> None:
        """Nothing of this example is left in the outbox for the next."""
        self.runner.run(self.post.deliver())

    def starts_over(self, model: Model) -> None:
        """By a claim or a key: what led into the account before does no more."""
        model.kill("claim", "key")
        model.has_answers = model.has_address = False
        model.misses = 0
        self.password_is_set(model, model.student.password)

    def password_is_set(self, model: Model, password: str) -> None:
        """Whoever has got in by one path needs no other that somebody opened."""
        model.kill("answers", "mail")
        model.is_open_to_claims = False
        model.password = model.student.password = password
        model.expected_hash = self.runner.run(self.stored_hash(model))
        assert self.runner.run(model.student.signs_in_with(password))

    @staticmethod
    def choose_password(model: Model) -> None:
        model.student.password = new_password()

    def signs_in(self, model: Model) -> bool:
        """Whether the account has a password; then its app holds fresh tokens, and an address is confirmed again."""
        if model.password is None:
            return False
        assert self.runner.run(model.student.sign_in(password=model.password)).is_success
        model.student.password = model.password
        if not model.has_address:
            self.runner.run(model.student.own_address(model.address))
            model.has_address = True
        return True

    def known(self, *kinds: str) -> list[tuple[Model, Proof]]:
        return [(model, proof) for model in self.people for proof in model.proofs if proof.kind in kinds]

    def draw(self, data: strategies.DataObject, *kinds: str) -> tuple[Model, Proof]:
        """One that works is as likely as one that does not."""
        known = self.known(*kinds)
        living = [pair for pair in known if pair[1].lives(self.clock.now())]
        return data.draw(strategies.sampled_from(living or known) | strategies.sampled_from(known))

    async def stored_hash(self, model: Model) -> str | None:
        query = select(Account.password_hash).where(Account.id == account_id(model))
        async with self.post.server.campus.database.reading() as connection:
            stored: str | None = (await connection.execute(query)).scalar_one()
        return stored


def account_id(model: Model) -> UUID:
    return UUID(model.student.session["account"]["id"])


def new_password() -> str:
    return f"Wide river {next(NUMBERS):05}"
