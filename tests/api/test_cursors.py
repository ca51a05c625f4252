"""Cursors: what a service gave comes back as it was, and nothing else comes in."""

import base64
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from app.schemas.cursors import BY_DAY, BY_MOMENT, BY_ROW, CursorOf
from tests.support.cursors import as_cursor

MOMENT = datetime(2026, 8, 3, 12, 0, 0, 5, UTC)
ROW = UUID("0a1b2c3d-0000-4000-8000-00000000000f")
TEXT = "2026-08-03T12:00:00.000005Z"


@pytest.mark.parametrize(
    ("kind", "position"), [(BY_MOMENT, (MOMENT, ROW)), (BY_DAY, (date(2026, 8, 3), ROW)), (BY_ROW, ROW)]
)
def test_a_position_comes_back_as_it_was(kind: CursorOf[Any], position: object) -> None:
    cursor = kind.write(position)
    assert cursor is not None
    assert kind.read(cursor) == position


def test_a_list_that_ends_has_no_cursor() -> None:
    assert BY_ROW.write(None) is None


@pytest.mark.parametrize(
    "position",
    [
        [TEXT, ROW.hex],
        [TEXT, str(ROW).upper()],
        [TEXT, f"{{{ROW}}}"],
        [TEXT.replace("Z", "+00:00"), str(ROW)],
        [TEXT.replace("T12", "T14").replace("Z", "+02:00"), str(ROW)],
        [TEXT.removesuffix("Z"), str(ROW)],
        ["0001-01-01T00:00:00+23:00", str(ROW)],
        [MOMENT.timestamp(), str(ROW)],
        [TEXT, str(ROW), 1],
        {"0": TEXT, "1": str(ROW)},
    ],
)
def test_the_same_place_written_in_another_way_is_refused(position: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # pydantic's and base64's, whichever
        BY_MOMENT.read(as_cursor(position))


@pytest.mark.parametrize(
    "spoil", [lambda c: c + "=", lambda c: f" {c}", lambda c: f"{c[:4]}*{c[4:]}", lambda c: c[:-1]]
)
def test_a_cursor_with_something_about_it_is_refused(spoil: Any) -> None:
    cursor = as_cursor([TEXT, str(ROW)])
    assert BY_MOMENT.read(cursor) == (MOMENT, ROW)
    with pytest.raises(ValueError):  # noqa: PT011  # as above
        BY_MOMENT.read(spoil(cursor))
    spaced = base64.urlsafe_b64encode(f'["{TEXT}", "{ROW}"]'.encode()).decode().rstrip("=")
    with pytest.raises(ValueError):  # noqa: PT011  # as above
        BY_MOMENT.read(spaced)
