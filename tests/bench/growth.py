"""Whether a state with a million accounts signs in as fast as a district with ten thousand; the others beside us."""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from sqlalchemy import insert

from app.composition import Campus, open_campus
from app.models import Account, Person
from app.portals import Portal
from app.security.passwords import PasswordHasher
from app.settings import load_settings
from tests.bench import district
from tests.bench.databases import UNHURRIED, Engine, Environment, production
from tests.bench.figures import Figure, Series
from tests.bench.peers.peer import KINDS, Peer
from tests.bench.progress import ProgressLine
from tests.bench.served import SIGN_IN_S, answers_per_second, run
from tests.bench.server import Server, serve

FEW, MANY = 10_000, 1_000_000
BATCH = 10_000
ASKING = 5_000
"""How many of the people sign in, drawn from all of them."""
OURS = "ours"


def measure(
    engines: Sequence[Engine], peers: Sequence[Peer], rounds: int, series: Series, progress: ProgressLine
) -> None:
    for engine in engines:
        for peer in (None, *peers):
            with ExitStack() as stack:
                sizes = {}
                for people in (FEW, MANY):
                    progress.say(f"{people:,} people, {peer.kind.name if peer else OURS}, {engine.name}")
                    filled = _peer_filled(peer, engine, people) if peer else _filled(engine, people)
                    sizes[people] = stack.enter_context(filled)
                _in_turns(sizes, peer.kind.name if peer else OURS, engine, rounds, series, progress)


def figures(series: Series, engine: str) -> Iterator[Figure]:
    for name in (OURS, *(kind.name for kind in KINDS)):
        few, many = (series.median("sign-ins among", str(people), name, engine) for people in (FEW, MANY))
        target = 0.95 if name == OURS else None
        yield Figure(f"{name}: sign-ins, {MANY:,} accounts, {engine}", "/s", many, f"{FEW:,} accounts", few, target)


Asking = tuple[Server, list[bytes]]
"""A server and the sign-ins of some of its people."""


def _in_turns(
    sizes: dict[int, Asking], name: str, engine: Engine, rounds: int, series: Series, progress: ProgressLine
) -> None:
    for turn in range(1, rounds + 1):
        for people, (server, sign_ins) in sizes.items():
            progress.say(f"sign-ins among {people:,}, {name}, {engine.name}, {turn} of {rounds}")
            speed = answers_per_second(server, sign_ins, SIGN_IN_S)
            series.add(speed, "sign-ins among", str(people), name, engine.name)


@contextmanager
def _filled(engine: Engine, people: int) -> Iterator[Asking]:
    environment = production(engine.new_database()) | UNHURRIED
    run(_give_accounts(environment, people))
    with serve("app.main:create_app", "/healthz", environment) as server:
        yield server, district.sign_ins(_some_of(people), Portal.STUDENT)


@contextmanager
def _peer_filled(peer: Peer, engine: Engine, people: int) -> Iterator[Asking]:
    url = engine.empty_database()
    peer.fill(url, people)
    with peer.served(url) as server:
        yield server, [peer.kind.sign_in(number) for number in _some_of(people)]


def _some_of(people: int) -> list[int]:
    return random.Random(20260803).sample(range(people), ASKING)  # noqa: S311  # chance that can be repeated


async def _give_accounts(environment: Environment, people: int) -> None:
    """Students', who need nobody else to sign in. Written by the tables' owner: what is measured is signing in."""
    async with open_campus(load_settings(environment)) as campus:
        await district.open_district(campus)
        hashed = PasswordHasher().hash(district.PASSWORD)
        for start in range(0, people, BATCH):
            await _insert(campus, range(start, min(start + BATCH, people)), hashed)


async def _insert(campus: Campus, numbers: Sequence[int], hashed: str) -> None:
    now = campus.clock.now()
    ids = [uuid4() for _ in numbers]
    names = [district.guardian_id(number) for number in numbers]
    persons = [
        {"id": person_id, "sourced_id": name, "is_student": True, "first_name": "Maria", "last_name": "Lopez"}
        for person_id, name in zip(ids, names, strict=True)
    ]
    accounts = [
        {"person_id": person_id, "username": name, "username_folded": name}
        for person_id, name in zip(ids, names, strict=True)
    ]
    in_common = {"district_id": district.DISTRICT}
    signed_up = {"portal": Portal.STUDENT.value, "password_hash": hashed, "password_changed_at": now, "created_at": now}
    async with campus.database.transaction() as session:
        await session.execute(insert(Person), [{**row, **in_common, "first_seen_at": now} for row in persons])
        await session.execute(insert(Account), [{**row, **in_common, **signed_up} for row in accounts])
