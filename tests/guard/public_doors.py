"""The public doors of the service, and the people about whom somebody may ask at each: unknown ones, and all kinds of known ones."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from tests.guard.stranger import WRONG, guess_with_captcha, new_captcha
from tests.support import passkeys
from tests.support.passkeys import Phone
from tests.support.recovery import NEW_PASSWORD, Owner

BORN = "2014-05-06"
Ask = Callable[[Owner], Awaitable[httpx.Response]]
Asks = dict[str, Ask]
"""By whom they are about: one that is unknown, and all kinds of known ones."""

ABOUT_NOBODY = {
    "GET /districts",
    "GET /districts/{district_id}",
    "GET /captcha",
    "POST /login/passkey/options",
    "GET /login/sso/{district_id}",
    "GET /login/sso/{district_id}/{provider}/callback",
    "GET /app-config",
    "GET /healthz",
    "GET /readyz",
    "GET /.well-known/jwks.json",
    "GET /problems",
    "GET /problems/{problem}",
}
"""Public facts, about districts and the service itself."""


@dataclass(frozen=True)
class People:
    """All that an account can be, and what was once given out to them."""

    names: Mapping[str, str]
    addresses: Mapping[str, str]
    refresh_token: str
    links: Mapping[str, str]
    keys: Mapping[str, str]
    student_numbers: Mapping[str, str]
    """Of students who are all called Ana Lopez."""
    claim_ticket: str
    passkeys: Mapping[str, Phone]
    """Each says the name of a passkey, and does not have its key."""


def sign_in(people: People) -> Asks:
    """Ten tries lead through the free ones to the CAPTCHA."""
    return {kind: _login(name) for kind, name in people.names.items()}


def sign_in_with_captcha(people: People) -> Asks:
    """Twelve lead through the CAPTCHA to the wait."""

    def ask(name: str) -> Ask:
        return lambda visitor: guess_with_captcha(visitor, username=name)

    return {kind: ask(people.names[kind]) for kind in ("nobody", "an owner", "switched off")}


def ask_for_reset(people: People) -> Asks:
    def ask(name: str) -> Ask:
        return lambda visitor: visitor.ask_for_reset(username=name)

    return {kind: ask(people.names[kind]) for kind in ("nobody", "an owner", "switched off", "unconfirmed")}


def ask_for_usernames(people: People) -> Asks:
    def ask(address: str) -> Ask:
        return lambda visitor: visitor.ask_for_usernames(address)

    return {kind: ask(address) for kind, address in people.addresses.items()}


def verify_key(people: People) -> Asks:
    return {kind: _post("/activate/verify", activation_key=key) for kind, key in _keys(people).items()}


def activate(people: People) -> Asks:
    """Somebody without a live key learns of no username whether it is taken."""
    password = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    free, taken = people.names["nobody"], people.names["an owner"]
    return {
        f"{kind}, {username}": _post("/activate", activation_key=key, username=username, **password)
        for kind, key in _keys(people).items()
        for username in (free, taken)
    }


def claim(people: People) -> Asks:
    """Ten wrong names lead to the CAPTCHA."""
    return {kind: _post("/activate/claim", **_facts(number)) for kind, number in people.student_numbers.items()}


def claim_with_captcha(people: People) -> Asks:
    """Seven lead to the end of the day's budget."""

    def ask(number: str) -> Ask:
        async def asked(visitor: Owner) -> httpx.Response:
            captcha = await new_captcha(visitor, "claim")
            return await _post("/activate/claim", **_facts(number), captcha=captcha)(visitor)

        return asked

    return {kind: ask(number) for kind, number in people.student_numbers.items()}


def ask_for_key(people: People) -> Asks:
    """All facts are right for one of them, and the student of another has left. Six lead to the CAPTCHA of the address."""
    return {
        kind: _post("/activate/key-requests", student_number=number, birth_date=BORN)
        for kind, number in people.student_numbers.items()
    }


def complete_claim(people: People) -> Asks:
    password = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    return _tokens("/activate/claim/complete", "ticket", people.claim_ticket, **password)


def ask_questions(people: People) -> Asks:
    return {kind: _questions(name) for kind, name in people.names.items()}


def answer_questions(people: People) -> Asks:
    """Five wrong answers lead to the end of the day's tries."""

    def ask(name: str) -> Ask:
        async def answered(visitor: Owner) -> httpx.Response:
            asked = (await _questions(name)(visitor)).json()
            answers = [{"question_id": question["id"], "answer": WRONG} for question in asked["questions"]]
            body = {"ticket": asked["ticket"], "answers": answers}
            return await visitor.http.post("/password-reset/answers", json=body)

        return answered

    return {kind: ask(name) for kind, name in people.names.items()}


def refresh(people: People) -> Asks:
    return _tokens("/login/refresh", "refresh_token", people.refresh_token)


def sign_out(people: People) -> Asks:
    return _tokens("/login/logout", "refresh_token", people.refresh_token)


def exchange_code(people: People) -> Asks:
    """Genuine tokens of this service, but no codes."""
    return _tokens("/login/sso/exchange", "code", people.links["reset"], code_verifier="v" * 43)


def check_link(people: People) -> Asks:
    return _tokens("/password-reset/check", "token", people.links["reset"])


def use_link(people: People) -> Asks:
    password = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    return _tokens("/password-reset/confirm", "token", people.links["reset"], **password)


def confirm_address(people: People) -> Asks:
    return _tokens("/recovery-email/confirm", "token", people.links["confirm"])


def ask_the_office(people: People) -> Asks:
    """Seven lead from the free ones through the CAPTCHA."""
    ticket = {"category": "cannot_reset_online", "first_name": "Vera", "last_name": "Guest"}

    def ask(address: str, number: str) -> Ask:
        return lambda visitor: visitor.http.post(
            "/support-tickets",
            json={"district": visitor.district, "email": address, "student_number": number, **ticket},
        )

    return {
        f"{kind}, {number}": ask(f"{number}{address}", number)
        for kind, address in people.addresses.items()
        for number in ("0123456", "9999999")
    }


def dispute(people: People) -> Asks:
    return _tokens("/security/dispute", "token", people.links["dispute"])


def sign_in_with_passkey(people: People) -> Asks:
    def ask(phone: Phone) -> Ask:
        return lambda visitor: passkeys.sign_in(visitor, phone)

    return {kind: ask(phone) for kind, phone in people.passkeys.items()}


PUBLIC: Mapping[str, list[tuple[Callable[[People], Asks], int]]] = {
    "POST /activate/verify": [(verify_key, 10)],
    "POST /activate": [(activate, 10)],
    "POST /activate/claim": [(claim, 10), (claim_with_captcha, 7)],
    "POST /activate/key-requests": [(ask_for_key, 7)],
    "POST /activate/claim/complete": [(complete_claim, 10)],
    "POST /login": [(sign_in, 10), (sign_in_with_captcha, 12)],
    "POST /login/passkey": [(sign_in_with_passkey, 10)],
    "POST /login/refresh": [(refresh, 10)],
    "POST /login/logout": [(sign_out, 10)],
    "POST /login/sso/exchange": [(exchange_code, 10)],
    "POST /password-reset": [(ask_for_reset, 22)],
    "POST /password-reset/check": [(check_link, 10)],
    "POST /password-reset/confirm": [(use_link, 10)],
    "POST /password-reset/questions": [(ask_questions, 22)],
    "POST /password-reset/answers": [(answer_questions, 7)],
    "POST /username-recovery": [(ask_for_usernames, 22)],
    "POST /recovery-email/confirm": [(confirm_address, 10)],
    "POST /security/dispute": [(dispute, 10)],
    "POST /support-tickets": [(ask_the_office, 7)],
}
"""Each door with those who stand before it, and how often each of them asks: beyond its thresholds."""


def _login(name: str) -> Ask:
    return lambda visitor: visitor.sign_in(username=name, password=WRONG)


def _questions(name: str) -> Ask:
    return _post("/password-reset/questions", username=name, portal="parent")


def _facts(student_number: str) -> dict[str, str]:
    return {"last_name": "Lopez", "first_name": "Eva", "student_number": student_number}


def _post(path: str, **body: object) -> Ask:
    return lambda visitor: visitor.http.post(path, json={"district": visitor.district, **body})


def _keys(people: People) -> dict[str, str]:
    return {"made up": "F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V", **people.keys}


def _tokens(path: str, name: str, genuine: str, **body: object) -> Asks:
    """One that is made up altogether, and two that are made up around something that there is."""
    made_up = {
        "nothing": genuine[:4] + "A" * (len(genuine) - 4),
        "its beginning": genuine[: len(genuine) // 2] + "A" * (len(genuine) - len(genuine) // 2),
        "all but its end": genuine[:-4] + ("AAAA" if genuine[-4:] != "AAAA" else "BBBB"),
    }

    def ask(token: str) -> Ask:
        return lambda visitor: visitor.http.post(path, json={name: token, **body})

    return {kind: ask(token) for kind, token in made_up.items()}
