"""Settings that work, but that today's practice advises against: the office sees each of them with the reason.

After NIST SP 800-63B-4 (lengths and no rules of composition for passwords, no questions that others can answer) and the contract, section 8.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network

from app.services.district_settings import OfficeSettings
from app.services.sign_in_ladder import WAIT_AFTER
from app.translation import msg, reviewed_by, spoken

SHORT_PASSWORD = 8
LONG_LIVED_KEY_DAYS = 180
FEW_QUESTIONS = 3
WIDE_IPV4, WIDE_IPV6 = 16, 48


@dataclass(frozen=True)
class PolicyWarning:
    path: str
    """Of the setting, such as `password_policy.min_length`."""
    code: str
    detail: str


_Rule = tuple[str, str, str, Callable[[OfficeSettings], bool]]


def policy_warnings(settings: OfficeSettings) -> list[PolicyWarning]:
    """What deserves a second look, in the order of the rules."""
    return [PolicyWarning(path, code, detail) for path, code, detail, holds in _RULES if holds(settings)]


def _is_wide(text: str) -> bool:
    network = ip_network(text)
    return not network.is_private and network.prefixlen < (WIDE_IPV4 if network.version == 4 else WIDE_IPV6)


_RULES: tuple[_Rule, ...] = (
    (
        "languages",
        "language_without_words",
        msg("There are no words in one of these languages. Who reads it gets English."),
        lambda s: not all(map(spoken, s.languages)),
    ),
    (
        "languages",
        "language_not_reviewed",
        msg(
            "Nobody who speaks it has reviewed the words in one of these languages. Have a speaker read them before you offer it."
        ),
        lambda s: not all(map(reviewed_by, filter(None, map(spoken, s.languages)))),
    ),
    (
        "password_policy.min_length",
        "password_short",
        msg("Passwords of fewer than 8 characters are quickly guessed. Ask for 8 or more."),
        lambda s: s.password_policy.min_length < SHORT_PASSWORD,
    ),
    (
        "password_policy.alphanumeric",
        "password_composition",
        msg(
            "Rules about kinds of characters lead to passwords that are easy to guess. A greater length protects better."
        ),
        lambda s: s.password_policy.alphanumeric,
    ),
    (
        "password_policy.strong",
        "password_composition",
        msg(
            "Rules about kinds of characters lead to passwords that are easy to guess. A greater length protects better."
        ),
        lambda s: s.password_policy.strong,
    ),
    (
        "captcha.threshold",
        "captcha_late",
        msg("The CAPTCHA comes no earlier than the wait after wrong passwords, so it stops no program that guesses."),
        lambda s: s.captcha.threshold >= WAIT_AFTER,
    ),
    (
        "features.activation",
        "activation_off",
        msg("Nobody can make an account with an activation key."),
        lambda s: not s.features.activation,
    ),
    (
        "features.password_reset",
        "password_reset_off",
        msg("Everybody who forgets a password has to come to the office."),
        lambda s: not s.features.password_reset,
    ),
    (
        "features.username_recovery",
        "username_recovery_off",
        msg("Everybody who forgets a username has to come to the office."),
        lambda s: not s.features.username_recovery,
    ),
    (
        "username_recovery.lockout",
        "lockout_by_others",
        msg("Whoever knows somebody's address can keep that person from signing in until midnight."),
        lambda s: s.username_recovery.lockout == "account",
    ),
    (
        "activation_key.days",
        "key_lives_long",
        msg("A lost letter opens an account for more than half a year. 90 days are usual."),
        lambda s: s.activation_key.days > LONG_LIVED_KEY_DAYS,
    ),
    (
        "claim.delay_hours",
        "claim_at_once",
        msg("A new student's account can be claimed at once, before the family knows of it. 24 hours are usual."),
        lambda s: s.claim.delay_hours == 0,
    ),
    (
        "claim.fields",
        "claim_facts_known",
        msg("Classmates know names, and may know student numbers. Ask for the birth date, too."),
        lambda s: s.features.claim and "birth_date" not in s.claim.fields,
    ),
    (
        "challenge_questions.count",
        "few_challenge_questions",
        msg("Answers to fewer than three questions are quickly guessed or found out."),
        lambda s: s.challenge_questions.count < FEW_QUESTIONS,
    ),
    (
        "key_request.delivery",
        "key_displayed",
        msg("Whoever knows the facts sees the key on the screen. By e-mail it reaches only an address in the roster."),
        lambda s: s.key_request.delivery == "display",
    ),
    (
        "key_request.fields",
        "key_request_facts_known",
        msg("Many know a student's number and names. Ask for the birth date, too."),
        lambda s: not {"birth_date", "ssn_last4"} & set(s.key_request.fields),
    ),
    (
        "key_request.fields",
        "ssn_asked",
        msg("Digits of social security numbers are typed at every request. Ask for the birth date instead."),
        lambda s: "ssn_last4" in s.key_request.fields,
    ),
    (
        "networks.shared",
        "network_wide",
        msg("A network this wide is hardly that of one school, and everybody in it may try twenty times as often."),
        lambda s: any(map(_is_wide, s.networks.shared)),
    ),
    (
        "origins",
        "origin_not_encrypted",
        msg("A web page without https can be changed on its way, and then reads passwords."),
        lambda s: any(origin.startswith("http://") for origin in s.origins),
    ),
)
