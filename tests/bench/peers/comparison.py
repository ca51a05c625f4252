"""The product and the others in turns: the same number of people, the same cost of a hash, one process each."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench import bare_argon2
from tests.bench.databases import Engine
from tests.bench.district import GUARDIANS
from tests.bench.figures import Figure, Series
from tests.bench.http_client import get
from tests.bench.peers.peer import KINDS, Peer
from tests.bench.progress import ProgressLine
from tests.bench.served import CONNECTIONS, Asked, answers, answers_per_second, run
from tests.bench.server import Server

BARE_S = 1.5
OURS = "ours"


def installed(folder: Path, progress: ProgressLine) -> list[Peer]:
    peers = []
    for kind in KINDS:
        progress.say(f"installing {kind.name}")
        peers.append(Peer.installed(kind, folder))
    return peers


def measure(
    peers: Sequence[Peer],
    engines: Sequence[Engine],
    hello: Server,
    ours: Sequence[Asked],
    rounds: int,
    series: Series,
    progress: ProgressLine,
) -> None:
    """Each beside the limits and beside us, in the same rounds."""
    with ExitStack() as stack:
        everybody = [(OURS, one) for one in ours]
        for engine in engines:
            for peer in peers:
                progress.say(f"{GUARDIANS:,} people for {peer.kind.name}, {engine.name}")
                url = engine.empty_database()
                peer.fill(url, GUARDIANS)
                server = stack.enter_context(peer.served(url))
                series.add(server.seconds_to_first_answer, "start", peer.kind.name, engine.name)
                everybody.append((peer.kind.name, asked(peer, server, engine.name, GUARDIANS)))
        for turn in range(1, rounds + 1):
            progress.say(f"the limits, {turn} of {rounds}")
            series.add(bare_argon2.pynacl_per_second(BARE_S), "limit of sign-ins")
            series.add(answers_per_second(hello, [get("/hello")], BARE_S), "limit of reads")
            for name, one in everybody:
                progress.say(f"{name}, {one.engine}, {turn} of {rounds}")
                _measure_one(name, one, series)
        for name, one in everybody:
            series.add(one.server.resident_megabytes(), "memory", name, one.engine)


def asked(peer: Peer, server: Server, engine: str, people: int) -> Asked:
    """The peer's server, and what its people ask of it."""
    sign_ins = [peer.kind.sign_in(number) for number in range(people)]
    reads = [peer.kind.read(answer) for answer in run(answers(server, sign_ins[:CONNECTIONS]))]
    return Asked(engine, server, sign_ins, reads)


def _measure_one(name: str, one: Asked, series: Series) -> None:
    series.add(one.sign_ins_per_second(), "sign-ins", name, one.engine)
    series.add(one.reads_per_second(), "reads", name, one.engine)
    series.add_all(one.read_latencies(in_storm=False), "quiet", name, one.engine)
    series.add_all(one.read_latencies(in_storm=True), "storm", name, one.engine)


def figures(series: Series, engine: str) -> Iterator[Figure]:
    for kind in KINDS:
        yield from _of_peer(series, engine, kind.name)
    for kind in KINDS:
        theirs = series.median("sign-ins", kind.name, engine)
        target = 3 if engine == "PostgreSQL" else None
        yield Figure(
            f"our sign-ins, {engine}",
            "/s",
            series.median("sign-ins", OURS, engine),
            f"those of {kind.name}",
            theirs,
            target,
        )
    for kind in KINDS:
        theirs = series.median("reads", kind.name, engine)
        yield Figure(
            f"our GET /me, {engine}", "/s", series.median("reads", OURS, engine), f"that of {kind.name}", theirs, None
        )


def _of_peer(series: Series, engine: str, name: str) -> Iterator[Figure]:
    sign_ins, reads = series.median("sign-ins", name, engine), series.median("reads", name, engine)
    yield Figure(
        f"{name}: sign-ins, {engine}", "/s", sign_ins, "PyNaCl on all cores", series.median("limit of sign-ins"), None
    )
    yield Figure(f"{name}: who am I, {engine}", "/s", reads, "bare FastAPI", series.median("limit of reads"), None)
    quiet, storm = (1_000 * series.p99(what, name, engine) for what in ("quiet", "storm"))
    yield Figure(f"{name}: p99 of it in a storm, {engine}", "ms", storm, "without the storm", quiet, None)
    start, memory = series.median("start", name, engine), series.median("memory", name, engine)
    yield Figure(f"{name}: start to first answer, {engine}", "s", start, "one second", 1, None)
    yield Figure(f"{name}: memory, {engine}", "MB", memory, "what we allow ourselves", 120, None)
