"""The messages that translators have still to get: new ones, which are told in English until then.

They stand in a list of their own, so that no language falls behind unseen: whatever is neither translated nor listed is a fault. Who
writes a message writes it in Spanish, too; `python -m app.locales --await` puts what the other languages lack on the list.
"""

from app.locales import catalogue
from app.translation import CATALOGUES, LANGUAGES

AT_ONCE = {"es"}
"""What is never awaited."""
FILE = CATALOGUES / "awaited.txt"
_HEAD = "# Messages that some languages lack, and languages that are not begun. `python -m app.locales --await` writes this list.\n"
_NOT_BEGUN = "not begun: "


def awaited(tag: str) -> set[str]:
    """The messages that a language may lack for now."""
    listed = _listed()
    if tag in AT_ONCE:
        return set()
    return set(catalogue.untranslated(catalogue.read(tag)) if f"{_NOT_BEGUN}{tag}" in listed else listed)


def renew() -> None:
    """Lists what is lacking today, and nothing else."""
    FILE.write_text(_HEAD + "".join(f"{line}\n" for line in lacking()), encoding="utf-8")


def lacking() -> list[str]:
    """The lines that the list should have."""
    lacked: dict[str, None] = {}
    unbegun = []
    for tag in sorted({*LANGUAGES[1:]} - AT_ONCE):
        own = catalogue.read(tag)
        if catalogue.translations(own):
            lacked |= dict.fromkeys(catalogue.untranslated(own))
        else:
            unbegun.append(f"{_NOT_BEGUN}{tag}")
    return [*unbegun, *map(_escaped, lacked)]


def listed() -> list[str]:
    """The lines that it has."""
    return [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def _listed() -> set[str]:
    return {line.replace("\\n", "\n") for line in listed()}


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n")
