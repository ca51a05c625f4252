"""What the service is made of, as a CycloneDX document (SBOM): every library of the locks, with version, hashes, licence and what it rests on.

It holds what the locks and the installed libraries say of themselves, so it asks no network. It is made for a release, and not kept in the tree.
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from app import __version__
from app.clock import SystemClock, rfc3339

LOCKS = Path(__file__).resolve().parents[2] / "requirements"
SPECIFICATION = "1.6"
_PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)(?:\[[\w,-]+\])?==(?P<version>\S+?)(?= |$)(?P<rest>.*(?:\n +.*)*)", re.MULTILINE
)
_SHA_256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_REQUIRED = re.compile(r"[A-Za-z0-9._-]+")
_OURSELVES = f"campus-accounts@{__version__}"


@dataclass(frozen=True)
class Library:
    name: str
    version: str
    hashes: Sequence[str]
    """SHA-256 of the files that may be installed."""

    @property
    def address(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(*locks: str) -> list[Library]:
    """Each library of these locks (`run`, `pdf`, `telemetry`), once."""
    texts = [(LOCKS / f"{lock}.lock").read_text(encoding="utf-8") for lock in locks]
    found = {
        (pin["name"], pin["version"]): Library(pin["name"], pin["version"], _SHA_256.findall(pin["rest"]))
        for text in texts
        for pin in _PINNED.finditer(text)
    }
    return [found[key] for key in sorted(found)]


def bill_of_materials(libraries: Sequence[Library], made_at: str) -> dict[str, Any]:
    names = {library.name: library.address for library in libraries}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "timestamp": made_at,
            "component": {
                "type": "application",
                "bom-ref": _OURSELVES,
                "name": "campus-accounts",
                "version": __version__,
                "licenses": [{"expression": "Apache-2.0"}],
            },
        },
        "components": [_component(library) for library in libraries],
        "dependencies": [
            {"ref": _OURSELVES, "dependsOn": _rests_on("campus-accounts", names)},
            *({"ref": each.address, "dependsOn": _rests_on(each.name, names)} for each in libraries),
        ],
    }


def _component(library: Library) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": library.address,
        "name": library.name,
        "version": library.version,
        "purl": library.address,
        "hashes": [{"alg": "SHA-256", "content": each} for each in library.hashes],
        "licenses": list(_licences(library.name)),
    }


def _licences(name: str) -> Iterator[dict[str, Any]]:
    """As the library says it itself, if it is installed here: in the words of SPDX, or in its own."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return
    classifiers = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier", []) if each.startswith("License")]
    if "License-Expression" in told:
        yield {"expression": told["License-Expression"]}
    elif classifiers or "License" in told:
        yield {"license": {"name": ", ".join(classifiers) or told["License"].splitlines()[0]}}


def _rests_on(name: str, names: dict[str, str]) -> list[str]:
    """Of the libraries that are listed; what only an extra wants is left out, unless something else wants it, too."""
    try:
        wanted = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    plain = [match[0].lower() for each in wanted if "extra ==" not in each and (match := _REQUIRED.match(each))]
    known = {re.sub(r"[._-]+", "-", each) for each in plain} & set(names)
    return sorted(names[each] for each in known)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("--locks", nargs="+", default=["run"])
    given = options.parse_args()
    libraries = locked(*given.locks)
    document = bill_of_materials(libraries, rfc3339(SystemClock().now()))
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{given.file}: {len(libraries)} libraries")  # noqa: T201  # a program that people start


if __name__ == "__main__":
    main()
