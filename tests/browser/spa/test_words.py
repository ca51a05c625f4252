"""What the front end says in each language."""

import json
import re
from pathlib import Path

import pytest

from app.translation import LANGUAGES, NAMES
from tests.browser.spa.front_end import BUILT

SOURCE = BUILT.parent / "src"
FILES = sorted((SOURCE / "words").glob("*.json"))
AWAITED = set((SOURCE / "words" / "awaited.txt").read_text(encoding="utf-8").split())
"""The words that translators have still to get, and the languages without a file."""


def words(file: Path) -> dict[str, str]:
    said: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return said


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_language_says_everything_with_the_same_values(file: Path) -> None:
    """But for what is awaited, which is said in English meanwhile."""
    english, other = words(SOURCE / "words" / "en.json"), words(file)
    assert list(other) == [word for word in english if word in other]
    assert set(english) - set(other) <= (set() if file.stem == "es" else AWAITED)
    assert [word for word in other if values(other[word]) != values(english[word])] == []
    assert [word for word in other if not other[word].strip()] == []


def test_the_front_end_speaks_the_languages_of_the_service_and_knows_its_gaps() -> None:
    names = re.search(r"const NAMES.*?= {(.*?)};", (SOURCE / "words.ts").read_text(encoding="utf-8"), re.DOTALL)
    assert names is not None
    assert dict(re.findall(r'^\s*"?([\w-]+)"?: "(.+)",$', names[1], re.MULTILINE)) == NAMES
    english = words(SOURCE / "words" / "en.json")
    lacked = {word for file in FILES for word in english if word not in words(file)}
    assert {*lacked, *(set(LANGUAGES) - {file.stem for file in FILES})} == AWAITED


def test_no_word_is_left_that_nobody_says() -> None:
    """By its whole name, or by its group where a code of the service is its second half."""
    source = "".join(file.read_text(encoding="utf-8") for file in SOURCE.rglob("*.ts") if file.stem != "generated")
    groups = set(re.findall(r'`(\w+)\.\$\{|inWords\("(\w+)"', source))
    spoken = {group for pair in groups for group in pair if group}
    unsaid = [word for word in words(SOURCE / "words" / "en.json") if f'"{word}"' not in source]
    assert [word for word in unsaid if word.partition(".")[0] not in spoken] == []


def values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))
