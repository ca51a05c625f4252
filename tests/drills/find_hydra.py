"""Where this machine's hydra is, the password guesser: Debian's, which is brought if there is none and it may."""

import os
import shutil
import subprocess


def bring_hydra() -> str | None:
    """Its path; None where there is none, and it cannot be installed from here."""
    apt = shutil.which("apt-get")
    if shutil.which("hydra") is None and apt and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "hydra"]):
            subprocess.run([apt, "--quiet=2", *words], env=environment, check=False)  # noqa: S603  # fixed words
    return shutil.which("hydra")
