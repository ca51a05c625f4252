"""For operators and machines: health, readiness, metrics, public keys."""

import os

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from app.errors import NotReady
from app.openapi import refusals
from app.routers.dependencies import CampusPart
from app.schemas.service import HealthAnswer, JwksAnswer, ReadinessAnswer

router = APIRouter(tags=["Service"])


@router.get("/healthz", summary="Is the process alive?", responses=refusals())
async def get_health() -> HealthAnswer:
    """Says nothing of the database: a process that waits for it should not be killed."""
    return HealthAnswer(status="ok")


@router.get("/readyz", summary="Can it serve?", responses=refusals(NotReady))
async def get_readiness(campus: CampusPart) -> ReadinessAnswer:
    """Asks the database, its migrations, and Redis where one is configured."""
    checks = await campus.readiness.checks()
    if any(state != "ok" for state in checks.values()):
        raise NotReady(checks)
    return ReadinessAnswer(status="ok", checks=checks)


@router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
async def get_metrics() -> Response:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no type here
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/.well-known/jwks.json", summary="The public keys of access tokens", responses=refusals())
async def get_jwks(campus: CampusPart, response: Response) -> JwksAnswer:
    """Every key that may have signed a live token: during a rotation two."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return JwksAnswer.model_validate(campus.access_tokens.jwks)
