"""Digests, refresh tokens, device tokens and signing keys, under keys that rotate."""

import base64
import re
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from app.security.dev_secret import dev_secret_key
from app.security.device_tokens import DeviceTokens
from app.security.digests import Digests
from app.security.mailed_tokens import MailedTokens
from app.security.refresh_tokens import RefreshTokens
from app.security.signing_keys import SigningKeyPair

OLD, NEW = "an-older-secret-key-of-32-characters-1", "a-newer-secret-key-of-32-characters-22"
before, between, after = Digests([OLD]), Digests([NEW, OLD]), Digests([NEW])
maria = {"district": "jackson", "portal": "parent", "username_folded": "maria2026"}


def test_a_digest_names_its_key_and_not_its_value() -> None:
    digest = before.digest("purpose", "value")
    key_id, _, mac = digest.partition(":")
    assert (len(key_id), len(mac)) == (8, 64)
    assert digest == before.digest("purpose", "value")
    assert digest != before.digest("other purpose", "value")
    assert OLD not in digest


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_values_have_different_digests_however_they_are_cut(one: list[str], other: list[str]) -> None:
    encodable = [[part.encode("utf-8", "replace").decode() for part in parts] for parts in (one, other)]
    assert (before.digest("p", *encodable[0]) == before.digest("p", *encodable[1])) == (encodable[0] == encodable[1])


def test_while_keys_rotate_what_either_wrote_is_found() -> None:
    old = before.digest("p", "v")
    assert old in between.candidates("p", "v")
    assert between.digest("p", "v") in after.candidates("p", "v"), "the newest key writes"
    assert old not in after.candidates("p", "v")


def test_what_is_sealed_is_read_again_under_any_listed_key_and_no_other() -> None:
    sealed = before.seal("a private key")
    assert "private" not in sealed
    assert between.unseal(sealed) == "a private key"
    assert after.unseal(sealed) is None
    assert after.unseal("nonsense") is None
    assert after.unseal(sealed[:-4] + "AAAA") is None


def test_a_refresh_token_is_recognised_by_who_made_it() -> None:
    session_id, tokens = uuid4(), RefreshTokens(between)
    text = tokens.first(session_id)
    token = tokens.recognise(text)
    assert token is not None
    assert token.session_id == session_id
    assert text != tokens.first(session_id)
    assert RefreshTokens(after).recognise(text) is not None
    assert RefreshTokens(before).recognise(text) is None


def test_every_other_spelling_of_a_refresh_token_is_another_text() -> None:
    """Base64 knows several spellings of the same bytes; a digest does not."""
    tokens = RefreshTokens(before)
    text = tokens.first(uuid4())
    raw = base64.urlsafe_b64decode(text.removeprefix("crt_") + "==")
    for respelt in (text + "=", text + "\n", text.replace("crt_", ""), "crt_" + base64.b64encode(raw + b"x").decode()):
        assert tokens.recognise(respelt) is None


@given(st.integers(0, 63), st.integers(1, 255))
def test_no_changed_byte_makes_another_genuine_refresh_token(place: int, change: int) -> None:
    tokens = RefreshTokens(before)
    raw = bytearray(base64.urlsafe_b64decode(tokens.first(uuid4()).removeprefix("crt_") + "=="))
    raw[place] ^= change
    assert tokens.recognise("crt_" + base64.urlsafe_b64encode(raw).decode().rstrip("=")) is None


@given(st.text())
def test_no_text_at_all_is_a_fault(text: str) -> None:
    assert RefreshTokens(before).recognise(text) is None
    assert DeviceTokens(before).prove(text, **maria) is None


def test_the_successor_of_a_refresh_token_is_derived_and_cannot_be_guessed() -> None:
    tokens = RefreshTokens(before)
    token = tokens.recognise(tokens.first(uuid4()))
    assert token is not None
    (successor,) = tokens.successors(token)
    assert tokens.successors(token) == [successor]
    assert RefreshTokens(after).successors(token) != [successor]
    assert successor in RefreshTokens(between).successors(token)
    recognised = tokens.recognise(successor)
    assert recognised is not None
    assert recognised.session_id == token.session_id


def test_a_device_token_proves_one_device_for_one_name_in_one_place() -> None:
    device, tokens = uuid4(), DeviceTokens(between)
    text = tokens.issue(device, **maria)
    assert tokens.prove(text, **maria) == device
    assert DeviceTokens(after).prove(text, **maria) == device
    assert DeviceTokens(before).prove(text, **maria) is None
    for other in ({"district": "wake"}, {"portal": "student"}, {"username_folded": "rosa2026"}):
        assert tokens.prove(text, **{**maria, **other}) is None


def test_a_signing_key_has_the_name_that_the_standard_gives_it() -> None:
    """RFC 7638, as another implementation computes it."""
    pair = SigningKeyPair.generate()
    assert pair.kid == ECKey.import_key({**pair.public_jwk}).thumbprint()
    assert SigningKeyPair.from_pem(f"\n{pair.private_pem}\n") == pair
    assert "PRIVATE" not in pair.public_pem
    assert set(pair.public_jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_only_an_open_p256_key_may_sign() -> None:
    p256 = ec.generate_private_key(ec.SECP256R1())
    sealed = p256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")).decode()
    p384 = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = rsa.generate_private_key(65_537, 2_048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = SigningKeyPair.generate().public_pem
    for wrong in (sealed, p384.decode(), other.decode(), public, "", "-----BEGIN PRIVATE KEY-----"):
        with pytest.raises(ValueError, match=r".") as fault:
            SigningKeyPair.from_pem(wrong)
        assert "MII" not in str(fault.value)


def test_the_secret_key_of_a_development_folder_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "new"
    key = dev_secret_key(folder)
    assert len(key) >= 32
    assert dev_secret_key(folder) == key
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_codes_for_typing_have_eight_letters_and_39_bits() -> None:
    codes = {MailedTokens(before).code(uuid4()) for _ in range(1_000)}
    assert len(codes) == 1_000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", code) for code in codes)
    assert len(set("".join(codes)) - {"-"}) ** 8 > 2**39
