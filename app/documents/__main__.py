"""`python -m app.documents` writes the papers that come from the code; with `--check` it only says which differ."""

import sys

from app.documents import ROOT, outdated


def main(words: list[str]) -> int:
    """1 where a paper differed and was to be left as it is."""
    is_check = words == ["--check"]
    found = outdated()
    for file, text in found:
        if is_check:
            sys.stderr.write(f"{file.relative_to(ROOT)} differs from the code; run make docs and commit it\n")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return int(is_check and bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
