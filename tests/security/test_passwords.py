"""Password hashes: ours, those of other systems, and those that nobody should compute."""

import time
from collections.abc import Callable

import argon2
import bcrypt
import pytest

from app.security.hashing import Verdict
from app.security.passwords import PasswordHasher

PASSWORD = "Sunny meadow 42"
WRONG = Verdict(right=False)
HASHES_OF_OTHERS = {
    "bcrypt": "$2b$04$D8/hnS57i8hGPMNMpGKYKeM49QjLesoq8XXIb/JD5w0.Q4v9RciHi",
    "bcrypt of PHP": "$2y$04$D8/hnS57i8hGPMNMpGKYKeM49QjLesoq8XXIb/JD5w0.Q4v9RciHi",
    "cheaper": "$argon2id$v=19$m=8192,t=1,p=1$ounWg4d1fVve4kycovAN3Q$Zq3bMljuXe0SU1uFUHSL5+riGM2SqCQ30EwVr1HDrUE",
    "dearer, four lanes": "$argon2id$v=19$m=65536,t=3,p=4$uhkSc6nu0ZVZOIAGQfD+/A$zH1o/wAb9PPFd0vOzDjN+einFY0i9MJrcxd76sLP9Mg",
    "Argon2i": "$argon2i$v=19$m=8192,t=3,p=1$0A8O7m9LMRoonM1nOd2Erg$/WWKw+M818oCTIywizgtnDVaq73vq5qkwRZlxYcEzh8",
}
"""All of PASSWORD."""


@pytest.fixture(scope="module")
def hasher() -> PasswordHasher:
    return PasswordHasher()


def test_a_hash_is_argon2id_at_the_cost_of_the_policy_with_a_salt_of_its_own(hasher: PasswordHasher) -> None:
    first, second = hasher.hash(PASSWORD), hasher.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert hasher.verify(PASSWORD, first) == Verdict(right=True)
    assert hasher.verify(PASSWORD + " ", first) == WRONG


def test_another_implementation_verifies_our_hash(hasher: PasswordHasher) -> None:
    assert argon2.PasswordHasher().verify(hasher.hash(PASSWORD), PASSWORD)


@pytest.mark.parametrize("system", HASHES_OF_OTHERS)
def test_a_hash_of_another_system_opens_and_is_renewed(hasher: PasswordHasher, system: str) -> None:
    stored = HASHES_OF_OTHERS[system]
    renewed = hasher.verify(PASSWORD, stored).upgraded or ""
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify(PASSWORD, renewed) == Verdict(right=True)
    assert hasher.verify("wrong", stored) == WRONG


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "*",
        PASSWORD,
        "$2b$",
        "$2b$04$tooshort",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$",
        "$5$salt$hash",
        "\u00e4",
    ],
)
def test_what_is_no_hash_of_ours_opens_nothing(hasher: PasswordHasher, stored: str) -> None:
    for password in ("", PASSWORD, stored):
        assert hasher.verify(password, stored) == WRONG


@pytest.mark.parametrize("password", ["", "x", "nobody at all", "nobody has this password", "x" * 128])
def test_d7_d37_nobody_is_never_right(hasher: PasswordHasher, password: str) -> None:
    assert hasher.verify(password, None) == WRONG


@pytest.mark.parametrize("place", [0, 72, 127])
def test_every_character_of_a_password_counts(place: int) -> None:
    """And its case does; nothing is cut off, in letters of four bytes neither."""
    quick = PasswordHasher(memory_kib=64, time_cost=1)
    for letters in ("m" * 128, "🌻" * 128):
        stored = quick.hash(letters)
        assert quick.verify(letters, stored).right
        for other in ("M", "n", ""):
            assert not quick.verify(letters[:place] + other + letters[place + 1 :], stored).right


def test_more_than_72_bytes_or_a_nul_against_bcrypt_is_wrong(hasher: PasswordHasher) -> None:
    stored = bcrypt.hashpw(b"y" * 72, bcrypt.gensalt(4)).decode()
    assert hasher.verify("y" * 72, stored).right
    assert hasher.verify("y" * 73, stored) == WRONG
    assert hasher.verify("y" * 71 + "\x00", stored) == WRONG
    assert hasher.verify("\u00fc" * 37, stored) == WRONG


def test_d8_refusing_nobody_costs_what_refusing_somebody_costs_and_follows_the_policy() -> None:
    """The dummy hash comes from the hasher itself: where the cost changes, it changes too."""
    cheap, dear = PasswordHasher(memory_kib=1_024, time_cost=1), PasswordHasher(memory_kib=65_536, time_cost=4)
    somebody = dear.hash(PASSWORD)
    nobody_cheap = cost(lambda: cheap.verify("wrong", None))
    nobody_dear = cost(lambda: dear.verify("wrong", None))
    somebody_dear = cost(lambda: dear.verify("wrong", somebody))
    assert nobody_dear > 10 * nobody_cheap
    assert 0.5 < nobody_dear / somebody_dear < 2


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2id$v=19$m=8192,t=4000000000,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
        HASHES_OF_OTHERS["bcrypt"].replace("$04$", "$18$"),
    ],
)
def test_d33_an_imported_hash_cannot_make_its_verification_last_for_hours(hasher: PasswordHasher, stored: str) -> None:
    assert cost(lambda: hasher.verify(PASSWORD, stored), times=1) < 2


def test_letters_composed_in_different_ways_are_the_same(hasher: PasswordHasher) -> None:
    stored = hasher.hash("Caf\u00e9 am See")
    assert hasher.verify("Cafe\u0301 am See", stored).right
    assert not hasher.verify("Cafe am See", stored).right


def cost(work: Callable[[], object], *, times: int = 3) -> float:
    """Seconds of this thread's CPU, at best."""
    spent = []
    for _ in range(times):
        started = time.thread_time()
        work()
        spent.append(time.thread_time() - started)
    return min(spent)
