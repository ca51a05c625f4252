"""Whatever strangers, a parent, her phone, the office and the clock do in whatever order: the ladder is where the rules say (D29)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar, cast

from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app.clock import ManualClock
from app.settings import Settings as CampusSettings
from tests.guard.stranger import ASKED, INVALID, OFF, WAIT, WRONG, exhaust, new_captcha
from tests.support.engines import sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import User, refused, serving

EXAMPLES = settings(
    max_examples=8, stateful_step_count=20, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
FREE, BEFORE_WAITS, BEFORE_OFF = 3, 10, 100
WAITS_S = [30, 60, 120, 240, 480]
LONGEST_S = 900
DAY = timedelta(hours=24)
IN = (200, "signed_in")
T = TypeVar("T")


@sqlite_only
def test_d29_the_ladder_never_diverges_from_its_rules_and_always_heals(
    settings: CampusSettings, clock: ManualClock
) -> None:
    with asyncio.Runner() as runner, district(runner, settings, clock) as office:
        # hypothesis takes whatever makes a machine, though its type says class.
        machine = cast("type[LadderMachine]", partial(LadderMachine, runner, office, clock))
        run_state_machine_as_test(machine, settings=EXAMPLES)


@contextmanager
def district(runner: asyncio.Runner, settings: CampusSettings, clock: ManualClock) -> Iterator[Office]:
    """The server lives in the runner's loop for all examples; each of them has a parent of its own."""
    service = serving(settings, clock)
    server = runner.run(service.__aenter__())
    try:
        with quick_hashes(server):
            yield runner.run(Office.open(server))
    finally:
        runner.run(service.__aexit__(None, None, None))


@dataclass
class Ladder:
    """The rules, in the words of the contract."""

    tries: int = 0
    last: datetime | None = None
    wait_until: datetime | None = None

    def meets(self, now: datetime, *, solved: bool) -> tuple[int, str] | None:
        """What refuses the next try; None where its password is verified."""
        self.heal(now)
        if self.tries >= BEFORE_OFF:
            return OFF
        if self.wait_until and now < self.wait_until:
            return WAIT
        return ASKED if self.tries >= FREE and not solved else None

    def miss(self, now: datetime) -> None:
        self.tries += 1
        self.last = now
        if self.tries >= BEFORE_WAITS:
            place = self.tries - BEFORE_WAITS
            seconds = WAITS_S[place] if place < len(WAITS_S) else LONGEST_S
            self.wait_until = now + timedelta(seconds=seconds)

    def heal(self, now: datetime) -> None:
        if self.tries < BEFORE_OFF and self.last and now - self.last >= DAY:
            self.end()

    def end(self) -> None:
        self.tries, self.last, self.wait_until = 0, None, None

    def step(self, now: datetime) -> str:
        """As the office sees it."""
        refusal = self.meets(now, solved=False)
        return {OFF: "password_off", WAIT: "wait", ASKED: "captcha", None: "free"}[refusal]


class LadderMachine(RuleBasedStateMachine):
    def __init__(self, runner: asyncio.Runner, office: Office, clock: ManualClock) -> None:
        super().__init__()
        self.runner, self.office, self.clock = runner, office, clock
        (self.maria,) = runner.run(office.parents(1))
        runner.run(self.maria.activate())
        self.strangers, self.phone = Ladder(), Ladder()

    @rule(
        times=strategies.sampled_from([1, 1, 4]),
        right=strategies.sampled_from([False, False, True]),
        solved=strategies.sampled_from([True, True, False]),
        known=strategies.sampled_from([False, False, True]),
    )
    def try_a_password(self, times: int, right: bool, solved: bool, known: bool) -> None:
        ladder = self.phone if known else self.strangers
        for _ in range(times):
            expected = ladder.meets(self.clock.now(), solved=solved) or (IN if right else INVALID)
            assert self.runner.run(self.sign_in(right=right, solved=solved, known=known)) == expected
            if expected == INVALID:
                ladder.miss(self.clock.now())
            if expected == IN:
                ladder.end()

    async def sign_in(self, *, right: bool, solved: bool, known: bool) -> tuple[int, str]:
        more: dict[str, object] = {} if right else {"password": WRONG}
        if solved:
            more["captcha"] = await new_captcha(self.maria)
        if known:
            more["device"] = {"device_token": self.maria.session["device_token"]}
        who: User = self.maria if known else self.maria.on_another_device()
        answer = await who.sign_in(**more)
        return (200, answer.json()["status"]) if answer.is_success else refused(answer)

    @precondition(lambda self: self.strangers.meets(self.clock.now(), solved=True) is None)
    @rule(tries=strategies.sampled_from([6, 40, 97]))
    def strangers_go_on_for_hours(self, tries: int) -> None:
        tries = min(tries, BEFORE_OFF - self.strangers.tries)
        before = self.clock.now()
        self.runner.run(exhaust(self.clock, tries, self.maria))
        each = (self.clock.now() - before) / (tries + 1)
        for number in range(1, tries + 1):
            self.strangers.miss(before + each * number)

    @rule(seconds=strategies.sampled_from([1, 29, 30, 31, 60, 480, 899, 900, 12 * 3600, 24 * 3600 - 1, 24 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule()
    def the_worker_prunes(self) -> None:
        """It takes away what is over, and nothing else."""
        self.runner.run(self.office.campus.pruning.prune())

    @rule()
    def the_office_unlocks(self) -> None:
        maria = self.maria
        self.runner.run(self.office.unlock(maria))
        self.strangers, self.phone = Ladder(), Ladder()

    @rule(by_starting_over=strategies.booleans())
    def she_activates_again(self, by_starting_over: bool) -> None:
        """The phone gets a new token with it; the old one is dead."""
        maria = self.maria
        key = self.office.reset(maria) if by_starting_over else self.office.key_for(maria.person_id, maria.portal)
        maria.key = self.runner.run(key)
        assert self.runner.run(maria.activate()).status_code == 201
        self.strangers, self.phone = Ladder(), Ladder()

    @invariant()
    def the_office_sees_what_the_rules_say(self) -> None:
        maria = self.maria
        report = self.runner.run(self.office.diagnosis(maria))
        assert report.ladder.step == self.strangers.step(self.clock.now())
        assert report.ladder.tries == self.strangers.tries

    def teardown(self) -> None:
        """It always heals: by a day without tries, or by the office where the password is off."""
        self.clock.advance(DAY)
        for known, ladder in ((False, self.strangers), (True, self.phone)):
            if ladder.tries >= BEFORE_OFF:
                assert self.runner.run(self.sign_in(right=True, solved=True, known=known)) == OFF
                self.the_office_unlocks()
            assert self.runner.run(self.sign_in(right=True, solved=False, known=known)) == IN
