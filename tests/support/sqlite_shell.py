"""The little of SQLite's shell that the documents use, for machines that have none: `sqlite3 FILE ".backup COPY"`."""

import sqlite3
import sys
from contextlib import closing


def main(words: list[str]) -> int:
    file, command = words
    verb, copy = command.split(" ")
    if verb != ".backup":
        return 1
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
