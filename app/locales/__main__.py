"""`python -m app.locales [TAG ...]` brings the catalogues up to the code, and says what a translator has to do."""

import sys

from app.locales import catalogue
from app.translation import LANGUAGES


def main(tags: list[str]) -> int:
    """0 where every language is complete. A tag without a catalogue gets an empty one."""
    todo = 0
    for tag in tags or LANGUAGES[1:]:
        catalogue.write(tag, catalogue.renewed(catalogue.read(tag)))
        for fault in catalogue.faults(catalogue.read(tag)):
            todo += 1
            sys.stdout.write(f"{tag}: {fault}\n")
    return min(todo, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
