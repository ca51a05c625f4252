"""slowhttptest through the nginx of examples/running, while somebody else at another address goes on asking."""

import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from tests.proxy.nginx import Proxy, nginx
from tests.strangers.programs import Missing, from_debian, version
from tests.strangers.report import Finding, Report
from tests.strangers.site import site
from tests.support import debian

CONNECTIONS, SECONDS = 200, 20
PATIENCE_S = 1.0
"""How long the neighbour may have to wait for a list of districts, on a machine that is busy with all of this."""
_COMMON = ("-c", str(CONNECTIONS), "-r", "100", "-l", str(SECONDS), "-p", "3", "-g")
_UNAVAILABLE = "0"


class Attack(NamedTuple):
    name: str
    path: str
    options: tuple[str, ...]


ATTACKS = (
    Attack("slow headers", "/districts", ("-H", "-i", "5", "-x", "24")),
    Attack("slow body", "/login", ("-B", "-i", "5", "-s", "8192", "-x", "10", "-t", "POST", "-f", "application/json")),
    Attack("slow reading", "/openapi.json", ("-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3")),
)


def run(folder: Path) -> Report:
    program = from_debian("slowhttptest")
    if debian.bring("nginx-light", ["nginx"]) is None:
        raise Missing("nginx is missing. On Debian or Ubuntu: sudo apt-get install nginx-light.")
    findings, notes = list[Finding](), list[str]()
    (folder / "nginx").mkdir()
    with site(folder, limited=True) as here, nginx(folder / "nginx", [here.server]) as proxy:
        for attack in ATTACKS:
            held, worst, refused = _under(attack, program, proxy, here.folder)
            notes.append(f"{attack.name}: {held} held at most; a neighbour waited {worst * 1000:.0f} ms at most")
            if worst > PATIENCE_S or refused:
                findings.append(Finding("slow", attack.name, f"{worst:.2f} s, {refused} refused"))
            if _unavailable(here.folder / "out.csv"):
                findings.append(Finding("unavailable", attack.name, "slowhttptest's own probe was not answered"))
    what = f"{CONNECTIONS} connections for {SECONDS} s: {', '.join(attack.name for attack in ATTACKS)}"
    requests = CONNECTIONS * len(ATTACKS)
    return Report("slowhttptest", version(program, "-h"), what, requests, findings, notes)


def _under(attack: Attack, program: str, proxy: Proxy, folder: Path) -> tuple[int, float, int]:
    """How many connections were open at most, how long the neighbour waited at most (seconds), how often he was refused."""
    url = f"https://127.0.0.1:{proxy.tls_port}{attack.path}"
    words = [program, *_COMMON, *attack.options, "-o", str(folder / "out"), "-u", url]
    worst, refused = 0.0, 0
    with proxy.client("127.0.0.9") as neighbour, (folder / "said").open("wb") as said:
        neighbour.get("/healthz")
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=said)  # noqa: S603  # fixed words
        while process.poll() is None:
            begun = time.monotonic()
            refused += neighbour.get("/districts", params={"q": "jackson"}).status_code != 200
            worst = max(worst, time.monotonic() - begun)
            time.sleep(0.25)
    return max(int(line.split(",")[3]) for line in _lines(folder / "out.csv")), worst, refused


def _unavailable(table: Path) -> bool:
    return any(line.split(",")[4] == _UNAVAILABLE for line in _lines(table))


def _lines(table: Path) -> list[str]:
    return table.read_text(encoding="ascii").splitlines()[1:]
