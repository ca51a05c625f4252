"""Each request of sqlmap comes from another address, or the guard of `POST /login` would ask it for a CAPTCHA and look at nothing else."""

import secrets
from urllib.request import Request


def preprocess(req: Request) -> None:
    req.add_header("X-Forwarded-For", ".".join(str(1 + secrets.randbelow(254)) for _ in range(4)))
