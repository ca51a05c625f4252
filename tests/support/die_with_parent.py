"""No process outlives the one that it was started for: the kernel kills it (Linux only).

`python die_with_parent.py <parent> <program> <arguments>` becomes that program, which keeps the tie. It stands between because
`preexec_fn` is unsafe in a process with threads, such as a worker of pytest-xdist.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ties this process to the thread of `parent` that started it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        sys.exit()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606  # a list of arguments needs no shell
