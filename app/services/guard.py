"""Who is let in to try a password or to ask for a mail, and who has to solve a CAPTCHA or to wait first.

Everything here happens before any account is looked for, so known and unknown names cannot be told apart. A try counts when it is let
in and is given back if nothing was verified; a success ends the count within the transaction that opens the session.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import Counter
from sqlalchemy import bindparam, select

from app.captcha.provider import Challenge, Proof, Purpose
from app.clock import Clock
from app.database import Database, Statement, Unit
from app.errors import CaptchaInvalid, CaptchaRequired, Overloaded, PasswordOff, TooManyAttempts
from app.models import KnownDevice
from app.security.client_address import Address, bucket_of
from app.security.device_tokens import DeviceTokens
from app.security.hash_pool import HashPool
from app.services.captchas import Captchas
from app.services.districts import OpenDistrict, open_district
from app.services.guess_budgets import IN_ALL, GuessBudgets, GuessSubject, Standing
from app.services.shared_networks import FACTOR, SharedNetworks
from app.services.sign_in_ladder import SignInLadder, SignInSubject
from app.services.window_counts import WindowCounts

_LIVE_DEVICE = Statement(
    select(KnownDevice.id).where(KnownDevice.id == bindparam("device"), KnownDevice.revoked_at.is_(None))
)
REFUSALS = Counter("campus_guard_refusals_total", "Tries that were not let in", ["action", "code"])


@dataclass(frozen=True)
class CaptchaRule:
    """From when on an operation asks for a CAPTCHA (contract, section 8)."""

    action: str
    counts: str
    """What of an address is counted together; operations that share a word share a count."""
    free_per_address: int
    """In ten minutes; of sign-ins only those count that fail."""
    has_ladder: bool = False
    """Whether a password is tried, so that the district's threshold and the ladder hold for the name."""
    free_per_student: int | None = None
    """Guesses at the facts of one student number, out of its budget; None where no such facts are asked."""


SIGN_IN = CaptchaRule("login", "sign-in", free_per_address=30, has_ladder=True)
PASSWORD_RESET = CaptchaRule("password_reset", "recovery", free_per_address=20)
USERNAME_RECOVERY = CaptchaRule("username_recovery", "recovery", free_per_address=20)
CLAIM = CaptchaRule("claim", "claim", free_per_address=30, free_per_student=2)
KEY_REQUEST = CaptchaRule("key_request", "key-request", free_per_address=5, free_per_student=IN_ALL)
SUPPORT_TICKET = CaptchaRule("support_ticket", "support-ticket", free_per_address=5)


@dataclass(frozen=True)
class Knock:
    """A request at a guarded operation, as it arrives: nothing in it is proved."""

    rule: CaptchaRule
    district_id: str
    address: Address | None
    captcha: str | None = None
    subject: SignInSubject | None = None
    """Whose password is tried, where the rule has a ladder."""
    password: str = field(default="", repr=False)
    device_token: str | None = field(default=None, repr=False)
    student_number: str | None = None
    """Whose facts are guessed at, where the rule has a budget for them."""

    @property
    def guessed_at(self) -> GuessSubject | None:
        if self.student_number is None or self.rule.free_per_student is None:
            return None
        return GuessSubject.student(self.rule.action, self.district_id, self.student_number)


@dataclass
class Admission:
    """A knock that was let in; it is given back unless whoever verifies closes it."""

    district: OpenDistrict
    rule: CaptchaRule
    subject: SignInSubject | None = None
    tries: int = 0
    """At this password in a row, this one among them."""
    counted_address: str | None = None
    proof: Proof | None = None
    """The solved CAPTCHA that it was let in for."""
    guessed_at: GuessSubject | None = None
    """Whose budget a guess was taken from."""
    is_exhausted: bool = False
    """That budget is used up: nothing may be compared, and the answer is that of a wrong guess."""
    is_closed: bool = False

    def close(self) -> None:
        """Something was verified: the count stays as it is now."""
        self.is_closed = True


@dataclass(frozen=True)
class Guard:
    database: Database
    clock: Clock
    hash_pool: HashPool
    device_tokens: DeviceTokens
    captchas: Captchas
    ladder: SignInLadder
    window_counts: WindowCounts
    budgets: GuessBudgets
    networks: SharedNetworks

    @asynccontextmanager
    async def admitted(self, knock: Knock) -> AsyncIterator[Admission]:
        """Lets a knock in for the length of the block.

        Raises:
            DistrictNotFound: the one public fact that is asked for.
            CaptchaRequired, CaptchaInvalid: with a challenge for the next try.
            TooManyAttempts, PasswordOff: nothing is verified; a dummy hash takes the time that a password would.
            Overloaded: of a password, where none could be verified; told before anything is written.
        """
        if knock.rule.has_ladder:
            self.hash_pool.require_place()
        try:
            admission = await self._admit(knock)
        except (CaptchaRequired, CaptchaInvalid, TooManyAttempts, PasswordOff) as refusal:
            REFUSALS.labels(knock.rule.action, refusal.code).inc()
            raise
        try:
            yield admission
        finally:
            # Requests that only ask (for a mail) count whatever comes of them.
            if (admission.subject or admission.guessed_at) and not admission.is_closed:
                with suppress(Overloaded):  # the answer stands; what cannot be given back counts
                    await self._give_back(admission)

    async def challenge(self, action: str, district_id: str) -> Challenge:
        """A fresh one. Raises DistrictNotFound."""
        async with self.database.asking() as connection:
            await open_district(connection, district_id)
        return self.captchas.challenge(Purpose(action, district_id))

    async def succeed(self, session: Unit, admission: Admission) -> None:
        """Ends the count of this subject, within the transaction that settles; other subjects' failures stay."""
        if admission.subject:
            await self.ladder.end(session, admission.subject)
        if admission.counted_address:
            await self.window_counts.take_back(session, admission.rule.counts, admission.counted_address)

    async def _admit(self, knock: Knock) -> Admission:
        purpose = Purpose(knock.rule.action, knock.district_id)
        try:
            try:
                return await self._count(knock, purpose)
            except CaptchaRequired:
                if not knock.captcha:
                    raise CaptchaRequired(self.captchas.challenge(purpose).as_dict()) from None
            proof = await self.captchas.prove(knock.captcha, purpose)
            return await self._count(knock, purpose, proof)
        except (TooManyAttempts, PasswordOff):
            await self.hash_pool.verify(knock.password, None)
            raise

    async def _count(self, knock: Knock, purpose: Purpose, proof: Proof | None = None) -> Admission:
        """One transaction: a refusal neither counts nor spends the solved CAPTCHA."""
        now, solved = self.clock.now(), proof is not None
        async with self.database.brief() as session:
            district = await open_district(session, knock.district_id)
            subject = await self._subject(session, knock)
            tries = 0
            if subject:
                free_tries = district.settings.captcha.threshold
                tries = await self.ladder.climb(session, subject, now, free_tries=free_tries, solved=solved)
            standing = await self._take_guess(session, knock, now, district.timezone, solved=solved)
            # A known device is known by name: what others do from its address does not matter.
            counted_address = None if subject and subject.device else bucket_of(knock.address)
            if counted_address:
                free = None if solved else knock.rule.free_per_address * await self._crowd(knock)
                if not await self.window_counts.count(session, knock.rule.counts, counted_address, now, free=free):
                    raise CaptchaRequired
            if proof:
                await self.captchas.spend(session, proof, purpose)
        return Admission(
            district,
            knock.rule,
            subject,
            tries,
            counted_address,
            proof,
            guessed_at=knock.guessed_at if standing is Standing.TAKEN else None,
            is_exhausted=standing is Standing.EXHAUSTED,
        )

    async def _take_guess(
        self, session: Unit, knock: Knock, now: datetime, timezone: str, *, solved: bool
    ) -> Standing | None:
        if knock.guessed_at is None or knock.rule.free_per_student is None:
            return None
        free = IN_ALL if solved else knock.rule.free_per_student
        standing = await self.budgets.take(session, knock.guessed_at, now, timezone, free=free)
        if standing is Standing.CAPTCHA:
            raise CaptchaRequired
        return standing

    async def _subject(self, session: Unit, knock: Knock) -> SignInSubject | None:
        """Whose ladder this is: the name's, or that of a device which has proved that it signed in to this name before."""
        subject = knock.subject
        if subject is None or not knock.device_token:
            return subject
        device = self.device_tokens.prove(
            knock.device_token,
            district=subject.district_id,
            portal=subject.portal,
            username_folded=subject.username_folded,
        )
        if device is None:
            return subject
        alive = await _LIVE_DEVICE.scalar(session, {"device": device})
        return SignInSubject(subject.district_id, subject.portal, subject.username_folded, alive)

    async def _crowd(self, knock: Knock) -> int:
        """How many people's worth an address may be."""
        return FACTOR if knock.district_id in await self.networks.districts_at(knock.address) else 1

    async def _give_back(self, admission: Admission) -> None:
        """Nothing was verified, so nothing is used up."""
        async with self.database.brief() as session:
            if admission.proof:
                await self.captchas.give_back(session, admission.proof)
            if admission.subject:
                await self.ladder.step_back(session, admission.subject)
            if admission.guessed_at:
                await self.budgets.give_back(session, admission.guessed_at)
            if admission.counted_address:
                await self.window_counts.take_back(session, admission.rule.counts, admission.counted_address)
