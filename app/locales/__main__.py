"""`python -m app.locales [--await] [TAG ...]` brings the catalogues up to the code, and says what a translator has to do."""

import sys

from app.locales import awaited, catalogue
from app.translation import LANGUAGES


def main(words: list[str]) -> int:
    """0 where every language is complete but for what is awaited. A tag without a catalogue gets an empty one."""
    tags = [word for word in words if word != "--await"] or LANGUAGES[1:]
    for tag in tags:
        catalogue.write(tag, catalogue.renewed(catalogue.read(tag)))
    if "--await" in words:
        awaited.renew()
    return min(sum(map(_told, tags)), 1)


def _told(tag: str) -> int:
    """Says what is wrong with a language, and how much is awaited in it; gives back the number of faults."""
    own = catalogue.read(tag)
    faults = catalogue.faults(own, awaited.awaited(tag))
    lacking = catalogue.untranslated(own)
    for line in (*faults, *([f"{len(lacking)} messages are told in English"] if lacking else [])):
        sys.stdout.write(f"{tag}: {line}\n")
    return len(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
