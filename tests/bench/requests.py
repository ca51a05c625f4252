"""What a served district answers: sign-ins, reads, searches, linked accounts, each beside its limit."""

from collections.abc import Iterator, Sequence

from tests.bench import bare_argon2, directory
from tests.bench.figures import Figure, Series
from tests.bench.http_client import get
from tests.bench.progress import ProgressLine
from tests.bench.served import Served, answers_per_second
from tests.bench.server import Server

BARE_S = 1.5
MEMORY_MB = 120
WITH_HASHES_MB = MEMORY_MB + 40


def measure_requests(
    hello: Server, served: Sequence[Served], rounds: int, series: Series, progress: ProgressLine
) -> None:
    for turn in range(1, rounds + 1):
        progress.say(f"bare Argon2, {turn} of {rounds}")
        series.add(bare_argon2.pynacl_per_second(BARE_S), "PyNaCl")
        series.add(bare_argon2.argon2_cffi_per_second(BARE_S), "argon2-cffi")
        for one in served:
            progress.say(f"sign-ins, {one.engine}, {turn} of {rounds}")
            series.add(one.sign_ins_per_second(), "sign-ins", one.engine)
        progress.say(f"GET /me, {turn} of {rounds}")
        series.add(answers_per_second(hello, [get("/hello")], BARE_S), "hello")
        for one in served:
            series.add(one.reads_per_second(), "reads", one.engine)
        for one in served:
            progress.say(f"linked accounts, {one.engine}, {turn} of {rounds}")
            series.add(one.all_children_per_second(), "all children", one.engine)
            series.add(one.switches_per_second(), "switches", one.engine)
            series.add(one.refreshes_per_second(), "refreshes", one.engine)
        for one in served:
            progress.say(f"GET /me while others sign in, {one.engine}, {turn} of {rounds}")
            series.add_all(one.read_latencies(in_storm=False), "quiet", one.engine)
            series.add_all(one.read_latencies(in_storm=True), "storm", one.engine)
    for one in served:
        series.add(one.server.resident_megabytes(), "memory", one.engine)
        series.add(one.server.resident_megabytes_in_all(), "memory in all", one.engine)


def measure_searches(
    hello: Server, served: Sequence[Served], rounds: int, series: Series, progress: ProgressLine
) -> None:
    for turn in range(1, rounds + 1):
        progress.say(f"district searches, {turn} of {rounds}")
        series.add(answers_per_second(hello, [get("/hello")], BARE_S), "hello beside searches")
        for one in served:
            series.add(answers_per_second(one.server, directory.searches(), BARE_S), "searches", one.engine)


def figures_of_sign_ins(series: Series, engine: str) -> Iterator[Figure]:
    measured = series.median("sign-ins", engine)
    yield Figure(f"sign-ins, {engine}", "/s", measured, "PyNaCl on all cores", series.median("PyNaCl"), 0.80)
    yield Figure("", "/s", measured, "argon2-cffi on all cores", series.median("argon2-cffi"), 1.4)


def figures_of_reads(series: Series, engine: str) -> Iterator[Figure]:
    yield Figure(
        f"GET /me, {engine}", "/s", series.median("reads", engine), "bare FastAPI", series.median("hello"), 0.20
    )


def figures_of_searches(series: Series, engine: str) -> Iterator[Figure]:
    searches, hello = series.median("searches", engine), series.median("hello beside searches")
    yield Figure(f"district searches, {engine}", "/s", searches, "bare FastAPI", hello, 0.20)


def figures_of_storm(series: Series, engine: str) -> Iterator[Figure]:
    quiet, storm = (1_000 * series.p99(name, engine) for name in ("quiet", "storm"))
    yield Figure(f"p99 of GET /me in a storm, {engine}", "ms", storm, "without the storm", quiet, 3, at_most=True)


def figures_of_links(series: Series, engine: str) -> Iterator[Figure]:
    reads = series.median("reads", engine)
    for name, target in (("all children", 0.6), ("switches", 0.5), ("refreshes", 0.5)):
        yield Figure(f"{name}, {engine}", "/s", series.median(name, engine), "GET /me", reads, target)


def figures_of_memory(series: Series, engine: str) -> Iterator[Figure]:
    memory = series.median("memory", engine)
    yield Figure(f"memory after all this, {engine}", "MB", memory, "what we allow", MEMORY_MB, 1, at_most=True)
    both = series.median("memory in all", engine)
    yield Figure("with the process that hashes", "MB", both, "what we allow both", WITH_HASHES_MB, 1, at_most=True)
