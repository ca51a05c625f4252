"""What the front end says in each language."""

import json
import re
from pathlib import Path

import pytest

from tests.browser.spa.front_end import BUILT

SOURCE = BUILT.parent / "src"
LANGUAGES = sorted((SOURCE / "words").glob("*.json"))


def words(file: Path) -> dict[str, str]:
    said: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return said


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.stem)
def test_every_language_says_everything_with_the_same_values(file: Path) -> None:
    english, other = words(SOURCE / "words" / "en.json"), words(file)
    assert list(other) == list(english)
    assert [word for word in other if values(other[word]) != values(english[word])] == []
    assert [word for word in other if not other[word].strip()] == []


def test_no_word_is_left_that_nobody_says() -> None:
    """By its whole name, or by its group where a code of the service is its second half."""
    source = "".join(file.read_text(encoding="utf-8") for file in SOURCE.rglob("*.ts") if file.stem != "generated")
    groups = set(re.findall(r'`(\w+)\.\$\{|inWords\("(\w+)"', source))
    spoken = {group for pair in groups for group in pair if group}
    unsaid = [word for word in words(SOURCE / "words" / "en.json") if f'"{word}"' not in source]
    assert [word for word in unsaid if word.partition(".")[0] not in spoken] == []


def values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))
