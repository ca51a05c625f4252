"""The little of curl that README.md uses, for machines that have none: `curl [-s] [-X METHOD] [-H HEADER]... [-d BODY] URL`."""

import argparse
import sys
import urllib.error
import urllib.request


def main(words: list[str]) -> int:
    """Prints the body of the answer, whatever its status, as curl does; 7 where nobody answers."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-s", action="store_true", help="say nothing but the body")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="body")
    parser.add_argument("url")
    asked = parser.parse_args(words)
    headers = dict(header.split(": ", 1) for header in asked.headers)
    body = None if asked.body is None else asked.body.encode()
    request = urllib.request.Request(asked.url, body, headers, method=asked.method)  # noqa: S310  # the story's own URL
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # the story's own URL
            sys.stdout.buffer.write(answer.read())
    except urllib.error.HTTPError as refusal:
        sys.stdout.buffer.write(refusal.read())
    except urllib.error.URLError:
        return 7
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
