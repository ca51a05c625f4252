"""Every family of defects has tests on both engines, and its protection can be taken out to see that they notice (`make proofs`)."""

from collections import defaultdict
from functools import cache

import pytest

from tests.proofs.families import BOTH, FAMILIES, ROOT, NamedTest, every_test
from tests.proofs.removals import DoesNotApply, Edit, Removal, every_removal

NO_DATA = {"D8", "D14", "D15", "D16", "D17", "D19"}
"""Families that are about hashes, addresses, paths and the text of a URL: no database takes part."""


@cache
def by_family() -> dict[str, list[NamedTest]]:
    found = defaultdict(list)
    for test in every_test().values():
        for family in test.families:
            found[family].append(test)
    return found


def test_every_family_has_tests_on_both_engines_and_no_other_is_named() -> None:
    assert sorted(by_family(), key=lambda family: int(family[1:])) == list(FAMILIES)
    engines = {family: frozenset().union(*(test.engines for test in tests)) for family, tests in by_family().items()}
    assert {family for family, found in engines.items() if found != BOTH} == NO_DATA


def test_each_family_has_a_protection_that_can_be_taken_out() -> None:
    assert {removal.family for removal in every_removal()} == set(FAMILIES)


def test_whoever_must_notice_is_a_test_of_that_family() -> None:
    tests = every_test()
    for removal in every_removal():
        assert removal.tests, removal.what
        for node_id in removal.tests:
            assert removal.family in tests[node_id].families, node_id


def test_every_removal_still_applies() -> None:
    for removal in every_removal():
        edited = removal.edited_files(ROOT)
        assert edited
        assert {file: text for file, text in edited.items() if text == (ROOT / file).read_text(encoding="utf-8")} == {}


@pytest.mark.parametrize("text", ["nowhere to be found", "import"])
def test_a_text_that_is_gone_or_ambiguous_would_be_noticed(text: str) -> None:
    removal = Removal("D1", "nothing", (), (Edit("app/services/guard.py", text, ""),))
    with pytest.raises(DoesNotApply):
        removal.edited_files(ROOT)
