"""The Prometheus page: of this process, or of all processes where `campus serve` runs several."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

MEDIA_TYPE = CONTENT_TYPE_LATEST
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's own: where each process keeps its counts for the others to add up."""


def method_label(method: str) -> str:
    """Anybody may make up a method, and would make up labels with it."""
    return method if method in METHODS else "other"


def exposition() -> bytes:
    if FOLDER_VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no type here
    return generate_latest(registry)


def process_ends() -> None:
    """Takes this process' gauges out of the sum."""
    if FOLDER_VARIABLE in os.environ:
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # the library has no type here
