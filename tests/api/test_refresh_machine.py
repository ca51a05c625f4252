"""Whatever a client, a thief and the network do in whatever order, a session never forks (D3)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app.clock import ManualClock
from app.settings import Settings as CampusSettings
from tests.support.office import Office
from tests.support.portal import User, serving

REPEAT_WINDOW_S = 30


def test_d3_a_session_never_forks(settings: CampusSettings, clock: ManualClock) -> None:
    with asyncio.Runner() as runner, signed_in_parent(runner, settings, clock) as maria:

        class Machine(RefreshMachine):
            def __init__(self) -> None:
                super().__init__(runner, maria, clock)

        run_state_machine_as_test(Machine, settings=EXAMPLES)


EXAMPLES = settings(
    max_examples=20, stateful_step_count=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@contextmanager
def signed_in_parent(runner: asyncio.Runner, settings: CampusSettings, clock: ManualClock) -> Iterator[User]:
    """The server lives in the runner's loop for all examples; each of them signs in anew."""
    server = serving(settings, clock)

    async def start() -> User:
        maria = await (await Office.open(await server.__aenter__())).parent()
        await maria.activate()
        return maria

    try:
        yield runner.run(start())
    finally:
        runner.run(server.__aexit__(None, None, None))


class RefreshMachine(RuleBasedStateMachine):
    """The model: every token given so far in order, the time of the last rotation, and whether the family lives."""

    def __init__(self, runner: asyncio.Runner, maria: User, clock: ManualClock) -> None:
        super().__init__()
        self.runner, self.clock = runner, clock
        self.app = maria.on_another_device()
        assert runner.run(self.app.sign_in()).status_code == 200
        self.tokens: list[str] = [self.app.session["refresh_token"]]
        self.rotated_s_ago = 0.0
        self.alive = True

    @rule()
    def use_the_newest_token(self) -> None:
        answer = self.runner.run(self.app.refresh(self.tokens[-1]))
        assert answer.is_success == self.alive
        if self.alive:
            assert answer.json()["refresh_token"] not in self.tokens
            self.tokens.append(answer.json()["refresh_token"])
            self.rotated_s_ago = 0

    @precondition(lambda self: len(self.tokens) > 1)
    @rule()
    def repeat_the_last_refresh(self) -> None:
        answer = self.runner.run(self.app.refresh(self.tokens[-2]))
        may_repeat = self.alive and self.rotated_s_ago <= REPEAT_WINDOW_S
        assert answer.is_success == may_repeat
        if may_repeat:
            assert answer.json()["refresh_token"] == self.tokens[-1]
        self.alive = may_repeat

    @precondition(lambda self: len(self.tokens) > 2)
    @rule(data=strategies.data())
    def replay_an_older_token(self, data: strategies.DataObject) -> None:
        token = data.draw(strategies.sampled_from(self.tokens[:-2]))
        assert self.runner.run(self.app.refresh(token)).status_code == 401
        self.alive = False

    @rule()
    def refresh_twice_at_once(self) -> None:
        async def both() -> list[str | None]:
            answers = await asyncio.gather(*(self.app.refresh(self.tokens[-1]) for _ in range(2)))
            return [answer.json().get("refresh_token") for answer in answers]

        first, second = self.runner.run(both())
        assert first == second
        assert (first is not None) == self.alive
        if first:
            self.tokens.append(first)
            self.rotated_s_ago = 0

    @rule(seconds=strategies.sampled_from([1, 20, 31]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.rotated_s_ago += seconds

    @rule()
    def sign_out(self) -> None:
        answer = self.runner.run(self.app.http.post("/login/logout", json={"refresh_token": self.tokens[0]}))
        assert answer.status_code == 204
        self.alive = False

    @invariant()
    def the_newest_access_token_works_as_long_as_the_family_lives(self) -> None:
        assert self.runner.run(self.app.me()).is_success == self.alive
