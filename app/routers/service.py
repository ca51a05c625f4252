"""For operators and machines: health, readiness, metrics, public keys."""

import os

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from app.openapi import refusals
from app.routers.dependencies import CampusPart
from app.schemas.service import HealthAnswer, JwksAnswer, ReadinessAnswer

router = APIRouter(tags=["Service"])


@router.get("/healthz", summary="Is the process alive?", responses=refusals())
async def get_health() -> HealthAnswer:
    """Says nothing of the database: a process that waits for it should not be killed."""
    return HealthAnswer(status="ok")


@router.get(
    "/readyz",
    summary="Can it serve?",
    responses={**refusals(), 503: {"model": ReadinessAnswer, "description": "Not now"}},
)
async def get_readiness(campus: CampusPart) -> Response:
    checks = await campus.readiness.checks()
    ready = all(state == "ok" for state in checks.values())
    answer = ReadinessAnswer(status="ok" if ready else "not_ready", checks=checks)
    return JSONResponse(answer.model_dump(), status_code=200 if ready else 503)


@router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
async def get_metrics() -> Response:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/.well-known/jwks.json", summary="The public keys of access tokens", responses=refusals())
async def get_jwks(campus: CampusPart, response: Response) -> JwksAnswer:
    """Every key that may have signed a live token: during a rotation two."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return JwksAnswer.model_validate(campus.access_tokens.jwks)
