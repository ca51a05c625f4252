"""The short form of the drills of push and CAPTCHA providers: without processes, and on one engine, which matters for neither."""

import asyncio
import time
from datetime import timedelta

import pytest
from pydantic import SecretStr

from app.captcha.hosted import TIMEOUT_S
from app.clock import ManualClock
from app.settings import Settings
from tests.drills.faults import push_provider
from tests.drills.faults.captcha_provider import SLACK_S, Forgetful
from tests.drills.faults.push_provider import MoodyFcm
from tests.drills.people import people_with
from tests.guard.provider import Mood, open_provider
from tests.support.hash_pools import quick_hashes
from tests.support.recovery import posting

LATER = timedelta(hours=1)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def test_whatever_fcm_does_each_message_comes_once_when_it_works(settings: Settings, clock: ManualClock) -> None:
    fcm = MoodyFcm()
    fcm.clock = clock
    changes = {"push_fcm_credentials": SecretStr(fcm.key_file), "push_fcm_url": fcm.url}
    async with posting(settings.model_copy(update=changes), clock) as server:
        deliver = server.campus.mail_delivery.deliver_due
        (maria,) = await people_with(server, ["account"])
        await push_provider.have_phones(server.http, [maria])
        assert (await maria.user.sign_in()).is_success
        await deliver()  # nobody listens
        for fcm.mood in (push_provider.hangs_up, push_provider.lies, push_provider.works):
            assert (await maria.user.sign_in()).is_success
            clock.advance(LATER)
            async with fcm.opened():
                await deliver()
        wrong, remark = await push_provider.judged(server, fcm)
    assert wrong == []
    assert remark.startswith("4 messages, ")


async def test_while_a_captcha_hangs_only_those_wait_who_need_one_and_not_for_long(
    settings: Settings, clock: ManualClock
) -> None:
    async with (
        open_provider("turnstile") as provider,
        posting(settings.model_copy(update={**provider.settings(), "captcha_work": 10}), clock) as server,
    ):
        with quick_hashes(server):
            maria, *mistyping = await people_with(server, ["account"] * 4)
            provider.mood = Mood.HANGS
            forgetful = Forgetful(server.http, provider)
            signing_in = asyncio.gather(*map(forgetful.sign_in, mistyping))
            slowest = 0.0
            while not signing_in.done():
                begun = time.monotonic()
                assert (await maria.user.sign_in()).is_success
                slowest = max(slowest, time.monotonic() - begun)
                await asyncio.sleep(0.1)
            await signing_in
    assert forgetful.wrong == []
    assert (forgetful.got_in, forgetful.by_altcha) == (3, 3)
    assert slowest < TIMEOUT_S
    assert forgetful.longest_s < TIMEOUT_S + SLACK_S
