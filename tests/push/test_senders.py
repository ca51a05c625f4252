"""The settings say how push messages leave; without credentials they go to the log, which tells the kind and no more."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from app.clock import ManualClock, SystemClock
from app.push.apns import ApnsKey, ApnsSender
from app.push.fcm import FcmSender
from app.push.senders import LogSender, MemorySender, PushSender, PushSenders, senders_for
from app.push.service_account import ServiceAccount
from app.settings import Settings, SettingsError, load_settings
from tests.mail.smtp_server import Certificate
from tests.push.answers import apns_error, fcm_error
from tests.push.apns_server import KEY_ID, TEAM_ID, TOPIC, ApnsServer
from tests.push.conftest import KeyPair
from tests.push.fcm_server import FcmServer, key_file
from tests.push.notices import APNS_TOKEN, FCM_TOKEN, for_android, for_iphone

SECRET = "hunter2"
APNS = {
    "CAMPUS_PUSH_APNS_KEY_ID": KEY_ID,
    "CAMPUS_PUSH_APNS_TEAM_ID": TEAM_ID,
    "CAMPUS_PUSH_APNS_TOPIC": TOPIC,
}
SENDS = """
import asyncio, sys, traceback
from uuid import uuid4
from datetime import timedelta
from app.clock import SystemClock
from app.logs import configure_logs
from app.push.message import push_message
from app.push.senders import PushNotSent, senders_for
from app.settings import load_settings

async def main():
    settings, clock = load_settings(), SystemClock()
    configure_logs(settings)
    senders = senders_for(settings, clock)
    for provider, token in zip(("fcm", "apns"), sys.argv[1:]):
        for _ in range(2):
            message = push_message(
                "new_device", "en", message_id=uuid4(), provider=provider, token=token, ids={},
                expires_at=clock.now() + timedelta(days=1),
            )
            try:
                await senders.send(message)
            except PushNotSent:
                traceback.print_exc()
    await senders.close()

asyncio.run(main())
print("httpx" in sys.modules)
"""


# --- which sender -----------------------------------------------------------------------------------------------------


def test_without_credentials_messages_go_to_the_log(clock: ManualClock) -> None:
    senders = senders_for(load_settings({}), clock)
    assert isinstance(senders.fcm, LogSender)
    assert isinstance(senders.apns, LogSender)


def test_credentials_choose_the_provider(google_key: KeyPair, apple_key: KeyPair, clock: ManualClock) -> None:
    only_fcm = senders_for(load_settings(fcm_variables(google_key)), clock)
    assert (type(only_fcm.fcm), type(only_fcm.apns)) == (FcmSender, LogSender)
    only_apns = senders_for(load_settings(APNS | {"CAMPUS_PUSH_APNS_KEY": apple_key.private_pem}), clock)
    assert (type(only_apns.fcm), type(only_apns.apns)) == (LogSender, ApnsSender)


async def test_each_message_goes_to_the_provider_of_its_token() -> None:
    fcm, apns = MemorySender(), MemorySender()
    senders: PushSender = PushSenders(fcm=fcm, apns=apns)
    for message in (for_android(), for_iphone(), for_android("password_changed")):
        await senders.send(message)
    await senders.close()
    assert fcm.messages == [for_android(), for_android("password_changed")]
    assert apns.messages == [for_iphone()]


@pytest.mark.parametrize("pem", ["hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"])
def test_a_key_that_cannot_be_used_is_told_before_the_first_message_and_not_repeated(
    pem: str, clock: ManualClock
) -> None:
    broken = KeyPair(pem, "")
    for environ in (fcm_variables(broken), APNS | {"CAMPUS_PUSH_APNS_KEY": pem}):
        with pytest.raises(ValueError, match="key") as refusal:
            senders_for(load_settings(environ), clock)
        assert SECRET not in str(refusal.value)
        assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_key_of_the_other_provider_is_no_key(google_key: KeyPair, apple_key: KeyPair, clock: ManualClock) -> None:
    swapped = APNS | {"CAMPUS_PUSH_APNS_KEY": google_key.private_pem}
    with pytest.raises(ValueError, match="P-256"):
        senders_for(load_settings(swapped), clock)
    with pytest.raises(ValueError, match="RSA"):
        senders_for(load_settings(fcm_variables(apple_key)), clock)


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "credentials",
    [
        SECRET,
        f'["{SECRET}"]',
        f'"{SECRET}"',
        "{}",
        "[" * 20_000,
        json.dumps({"type": "authorized_user", "client_secret": SECRET}),
        json.dumps({"type": "service_account", "private_key": SECRET}),
    ],
)
def test_credentials_that_are_no_service_account_are_a_fault_that_does_not_repeat_them(credentials: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings({"CAMPUS_PUSH_FCM_CREDENTIALS": credentials})
    assert refusal.value.faults == [
        "CAMPUS_PUSH_FCM_CREDENTIALS: must be the JSON of a service account's key, as Firebase gives it out"
    ]


@pytest.mark.parametrize("part", ["project_id", "private_key_id", "private_key", "client_email", "token_uri", "type"])
@pytest.mark.parametrize("value", [None, "", 7, ["x"]])
def test_every_part_of_a_service_account_is_wanted(google_key: KeyPair, part: str, value: object) -> None:
    file = json.loads(fcm_variables(google_key)["CAMPUS_PUSH_FCM_CREDENTIALS"])
    with pytest.raises(SettingsError, match="CAMPUS_PUSH_FCM_CREDENTIALS"):
        load_settings({"CAMPUS_PUSH_FCM_CREDENTIALS": json.dumps({**file, part: value})})


def test_all_that_push_lacks_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(
            {
                "CAMPUS_PUSH_FCM_CREDENTIALS": SECRET,
                "CAMPUS_PUSH_APNS_KEY": SECRET,
                "CAMPUS_PUSH_APNS_TOPIC": TOPIC,
                "CAMPUS_PUSH_APNS_URL": "apple",
                "CAMPUS_WORKERS": "0",
            }
        )
    assert [fault.partition(":")[0] for fault in refusal.value.faults] == [
        "CAMPUS_PUSH_APNS_KEY_ID",
        "CAMPUS_PUSH_APNS_TEAM_ID",
        "CAMPUS_PUSH_APNS_URL",
        "CAMPUS_PUSH_FCM_CREDENTIALS",
        "CAMPUS_WORKERS",
    ]
    assert SECRET not in str(refusal.value)


def test_keys_may_lie_in_files_or_on_one_line(
    tmp_path: Path, google_key: KeyPair, apple_key: KeyPair, clock: ManualClock
) -> None:
    (tmp_path / "fcm.json").write_text(fcm_variables(google_key)["CAMPUS_PUSH_FCM_CREDENTIALS"])
    (tmp_path / "apns.p8").write_text(apple_key.private_pem)
    files = {
        "CAMPUS_PUSH_FCM_CREDENTIALS_FILE": str(tmp_path / "fcm.json"),
        "CAMPUS_PUSH_APNS_KEY_FILE": str(tmp_path / "apns.p8"),
    }
    one_line = {"CAMPUS_PUSH_APNS_KEY": apple_key.private_pem.replace("\n", "\\n")} | fcm_variables(google_key)
    for environ in (files, one_line):
        senders = senders_for(load_settings(APNS | environ), clock)
        assert (type(senders.fcm), type(senders.apns)) == (FcmSender, ApnsSender)


def test_what_is_printed_by_mistake_shows_no_key(google_key: KeyPair, apple_key: KeyPair) -> None:
    settings: Settings = load_settings(
        APNS | fcm_variables(google_key) | {"CAMPUS_PUSH_APNS_KEY": apple_key.private_pem}
    )
    account = ServiceAccount.from_json(fcm_variables(google_key)["CAMPUS_PUSH_FCM_CREDENTIALS"])
    key = ApnsKey.from_pem(apple_key.private_pem, key_id=KEY_ID, team_id=TEAM_ID)
    assert "PRIVATE KEY" not in f"{settings!r} {settings} {account!r} {key!r}".upper()


# --- the log ----------------------------------------------------------------------------------------------------------


async def test_the_log_tells_the_kind_and_no_more() -> None:
    """And nothing is loaded that only a real provider needs: it would slow every start."""
    written, said = await sends({"CAMPUS_LOG_LEVEL": "DEBUG"})
    assert said == "False\n"
    lines = written.splitlines()
    assert len(lines) == 4
    for line in lines:
        assert line.split()[3:] == ["push", "kind=new_device", "outcome=logged"]


async def test_neither_tokens_nor_keys_come_to_light_whether_messages_leave_or_not(
    google_key: KeyPair, apple_key: KeyPair, tls: Certificate
) -> None:
    context = tls.of_server()
    context.set_alpn_protocols(["h2"])
    async with (
        FcmServer(google_key.public_pem, SystemClock()).opened() as google,
        ApnsServer(apple_key.public_pem, SystemClock()).opened(context) as apple,
    ):
        about_it = f"{FCM_TOKEN} is not a valid FCM registration token"
        google.says = [fcm_error(400, "INVALID_ARGUMENT", own="INVALID_ARGUMENT", message=about_it)]
        apple.says = [apns_error(503, "ServiceUnavailable")]
        environ = {
            "CAMPUS_PUSH_FCM_CREDENTIALS": google.credentials(google_key.private_pem),
            "CAMPUS_PUSH_FCM_URL": google.url,
            "CAMPUS_PUSH_APNS_KEY": apple_key.private_pem,
            "CAMPUS_PUSH_APNS_URL": apple.url,
            "CAMPUS_LOG_LEVEL": "DEBUG",
            "SSL_CERT_FILE": str(tls.file),
        }
        written, said = await sends(APNS | environ)
    assert (len(google.taken), len(apple.shown), said) == (1, 1, "True\n")
    assert "PushGone: INVALID_ARGUMENT" in written
    assert "PushPostponed: ServiceUnavailable" in written
    secrets = [FCM_TOKEN, APNS_TOKEN, *google.issued, *(push.provider_token for push in apple.seen), "eyJ"]
    key_lines = [line for pem in (google_key, apple_key) for line in pem.private_pem.splitlines()]
    assert [secret for secret in [*secrets, *key_lines] if secret in written] == []


async def sends(environ: dict[str, str]) -> tuple[str, str]:
    """What a process of its own writes to standard error and output while it sends two messages to each provider."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDS, FCM_TOKEN, APNS_TOKEN, env={"PATH": os.defpath, **environ}, stdout=-1, stderr=-1
    )
    said, written = await process.communicate()
    assert process.returncode == 0, written.decode()
    return written.decode(), said.decode()


def fcm_variables(key: KeyPair) -> dict[str, str]:
    return {"CAMPUS_PUSH_FCM_CREDENTIALS": key_file(key.private_pem, "https://google.example/token")}
