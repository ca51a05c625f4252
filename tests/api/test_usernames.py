"""One name, one account, however it is written (D32)."""

import asyncio

import pytest

from tests.support.office import Office
from tests.support.portal import User, faults, refused

JAMO = "\u1112\u1161\u11ab"
"""Three characters that are one: a Korean syllable, typed letter by letter."""

SAME_NAMES = [
    ("maria2026", "MARIA2026"),
    ("maria2026", "\uff2d\uff41\uff52\uff49\uff41\uff12\uff10\uff12\uff16"),
    ("maria2026", " maria2026 "),
    ("fiona1", "\ufb01ona1"),
    ("jos\u00e91", "Jose\u03011"),
    ("strasse1", "STRA\u1e9eE1"),
    ("\u03bf\u03b4\u03cc\u03c21", "\u039f\u0394\u038c\u03a31"),
    ("square2", "square\u00b2"),
    ("\ud55c" * 3 + "1", JAMO * 3 + "1"),
]


@pytest.mark.parametrize(("first", "second"), SAME_NAMES)
async def test_d32_two_spellings_of_one_name_are_one_account(office: Office, first: str, second: str) -> None:
    maria, rosa = await office.parents(2)
    assert (await maria.activate(username=first)).status_code == 201
    answer = await rosa.activate(username=second)
    assert refused(answer) == (409, "username_taken")
    assert answer.json()["errors"][0]["pointer"] == "/username"
    signed_in = await maria.sign_in(username=second)
    assert signed_in.json()["account"]["username"] == first.strip(), "the name stays as its owner wrote it"


async def test_d32_of_two_hundred_who_want_one_name_at_once_one_gets_it(office: Office) -> None:
    parents = await office.parents(40)
    spellings = ["maria2026", "MARIA2026", "Maria2026", "\uff4daria2026", "mari\u00aa2026", " maria202\uff16"]
    answers = await asyncio.gather(
        *(
            parent.activate(username=spellings[(turn + place) % len(spellings)])
            for turn in range(5)
            for place, parent in enumerate(parents)
        )
    )
    winners = [answer for answer in answers if answer.status_code == 201]
    assert len(winners) == 1
    losers = {refused(answer) for answer in answers if answer is not winners[0]}
    assert losers <= {(409, "username_taken"), (409, "in_progress"), (409, "activation_key_used")}
    still_open = [parent for parent in parents if (await parent.verify()).status_code == 200]
    assert len(still_open) == len(parents) - 1, "no refusal used a key up"
    assert (await still_open[0].activate()).status_code == 201


async def test_d32_what_shows_nothing_makes_no_other_name(maria: User) -> None:
    """Variation selectors and joiners are invisible: with them a name would look like one that is taken."""
    for invisible in (
        "\ufe0f",
        "\u034f",
        "\u200d",
        "\u200b",
        "\u00ad",
        "\u2060",
        "\U000e0100",
        "\u180b",
        "\u115f",
        "\u3164",
    ):
        answer = await maria.activate(username=f"maria{invisible}2026")
        assert faults(answer) == {("/username", "username_characters"): {}}


async def test_a_name_may_be_typed_with_more_characters_than_it_has(maria: User) -> None:
    answer = await maria.activate(username=JAMO * 31 + "1")
    assert answer.status_code == 201
    assert (await maria.sign_in(username="\ud55c" * 31 + "1")).status_code == 200
    assert (await maria.sign_in(username=JAMO * 31 + "1")).status_code == 200


async def test_a_name_that_grows_when_it_is_folded_is_measured_as_it_is_compared(maria: User) -> None:
    """One sign of Arabic calligraphy stands for eighteen letters."""
    answer = await maria.activate(username="\ufdfa\ufdfa1")
    assert ("/username", "username_too_long") in faults(answer)
    assert refused(await maria.sign_in(username="\ufdfa" * 128)) == (401, "invalid_credentials")


async def test_scripts_of_the_world_make_names(office: Office) -> None:
    names = [
        "\u043c\u0430\u0448\u04301",
        "\u0645\u0631\u064a\u0645\u0661",
        "\u30de\u30ea\u30a27",
        "\u092e\u093e\u0930\u093f\u092f\u0967",
    ]
    for parent, name in zip(await office.parents(len(names)), names, strict=True):
        assert (await parent.activate(username=name)).status_code == 201
        assert (await parent.sign_in(username=name)).status_code == 200
