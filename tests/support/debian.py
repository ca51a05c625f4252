"""Programs that Debian packs and PyPI does not: the machine's own, else Debian's, which root may install."""

import os
import shutil
import subprocess
from collections.abc import Sequence


def find(names: Sequence[str]) -> str | None:
    """The first of these programs that the machine has; /usr/sbin counts, too."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def bring(package: str, names: Sequence[str] = ()) -> str | None:
    """The same, installing `package` first where none is there; None where that may not be done from here."""
    names = names or (package,)
    if find(names) is None:
        install(package)
    return find(names)


def install(*packages: str) -> None:
    """As far as that may be done from here."""
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run([apt, "--quiet=2", *words], env=environment, check=False)  # noqa: S603  # fixed words
