"""The page itself: what the windows of the envelope show, what is long, what runs from right to left, how much memory it takes."""

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from app.letters.facts import PaperLetter
from app.letters.press import LetterPress
from app.portals import Portal
from app.translation import NAMES, PSEUDO, translator
from tests.letters.paper import Box, Sheet, sheets_in

KEY = "F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"
PAGE = "https://portal.jackson.k12.ga.us/activate?district=jackson-ga"
LETTER = PaperLetter(
    district="Jackson County Schools",
    place="Jefferson, GA",
    recipient=("Maria Lopez", "12 Oak Lane, Apt 3", "Jefferson, GA 30549"),
    schools=("East Jackson Elementary School", "Jackson County High School"),
    portal=Portal.PARENT,
    activation_key=KEY,
    link=f"{PAGE}#key={KEY}",
    page=PAGE,
    expires_on=date(2027, 2, 20),
    language="es",
    support="706-555-0100",
)
LONG = replace(
    LETTER,
    district="Consolidated " * 15,
    place=f"{'Llanfairpwllgwyngyll ' * 10}, GA",
    recipient=(
        "Maximiliana " * 20,
        "1234 Northwest Martin Luther King Junior Memorial Parkway, Building 17",
        "X" * 200,
    ),
    schools=("W" * 255, "School " * 36, "C", "D"),
    page=f"https://{'portal-' * 60}.example/activate?district=jackson-ga",
    support="+1 " + "706 " * 49,
)

# A #10 envelope with two windows, 9 1/2 by 4 1/8 inches: windows 3 1/2 by 7/8 and 4 by 1, both 5/8 from the left, 2 1/2 and 13/16 from
# the bottom. A page folded at 3.667 inches has room to slide an inch sideways and 0.458 inch up and down: what must be seen stands in
# what both extremes show, and nothing else in what either does.
SEEN_FROM, SEEN_TO = Box(0.625, 0.75, 3.125, 1.167), Box(0.625, 2.3125, 3.625, 2.854)
EITHER = (Box(-0.375, 0.292, 4.125, 1.625), Box(-0.375, 1.854, 4.625, 3.3125))


async def printed(*letters: PaperLetter) -> list[Sheet]:
    async def in_one() -> AsyncIterator[Sequence[PaperLetter]]:
        yield letters

    pdf = bytearray()
    await LetterPress().run(in_one(), pdf.extend)
    return sheets_in(bytes(pdf))


async def test_the_windows_show_the_address_wherever_the_letter_lies_and_nothing_else() -> None:
    usual, long, after = await printed(LETTER, LONG, LETTER)
    assert after == usual, "what is long takes nothing of the next page"
    assert usual.links == [LETTER.link]
    for line in (LETTER.district, LETTER.place):
        assert SEEN_FROM.holds(usual.place_of(line)), line
    for line in LETTER.recipient:
        assert SEEN_TO.holds(usual.place_of(line)), line
    addressed = {LETTER.district, LETTER.place, *LETTER.recipient}
    assert {text for text, box in usual.words if any(map(box.touches, EITHER))} == addressed
    for _, box in long.words:
        seen = [window for window in EITHER if window.touches(box)]
        assert all(box.right < 3.7 for _ in seen)
        assert Box(0, 0, 8.5, 11).holds(box)


async def test_each_language_stands_beside_english_on_one_page() -> None:
    letters = [replace(LETTER, language=tag) for tag in [*NAMES, PSEUDO, None]]
    sheets = await printed(*letters)
    assert len(sheets) == len(letters)
    for tag, sheet in zip([*NAMES, PSEUDO], sheets, strict=False):
        title = translator(tag).text("Your activation key")
        assert "Your activation key" in sheet.text
        assert _squeezed(title) in _squeezed(sheet.text), tag
        assert sheet.links == [LETTER.link]
        assert max(box.bottom for _, box in sheet.words) < 10.75, f"{tag} runs off the page"
        assert "portal.jackson.k12.ga.us" in sheet.text


async def test_what_runs_from_right_to_left_begins_at_the_right() -> None:
    (sheet,) = await printed(replace(LETTER, language=PSEUDO))
    english, own = (box for text, box in sheet.words if "Your activation key" in text)
    assert english.left == pytest.approx(0.75, abs=0.05)
    assert own.right == pytest.approx(7.75, abs=0.15)
    assert sheet.place_of(KEY).left < 3, "a key is read from left to right in any language"


def test_more_letters_need_no_more_memory(tmp_path: Path) -> None:
    """Of the process that prints, at the most until 25, 50 and 75 of them are done. All pages at once would need more than a MiB each."""
    (tmp_path / "letters").write_text(f"{LETTER.as_line()}\n" * 75, encoding="utf-8")
    command = (sys.executable, "-m", "app.letters")
    with (
        (tmp_path / "letters").open() as letters,
        (tmp_path / "pdf").open("wb") as pdf,
        Popen(command, stdin=letters, stdout=pdf, stderr=PIPE, text=True) as process,  # noqa: S603  # our own
    ):
        assert process.stderr
        sizes = {printed.strip(): most_mib(process.pid) for printed in process.stderr}
    assert list(sizes) == ["25", "50", "75"]
    assert sizes["75"] - sizes["25"] < 25, sizes


def most_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def _squeezed(text: str) -> str:
    """Without white space, and without what only steers directions."""
    return "".join(c for c in text if not c.isspace() and c not in "\u2068\u2069\u200f\u200e⟦⟧")
