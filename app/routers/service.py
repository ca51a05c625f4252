"""For operators and machines: health, readiness, metrics, public keys."""

from fastapi import Response

from app import metrics
from app.errors import NotReady
from app.openapi import refusals
from app.route_guards import Budget, for_every_version, limited, unlimited
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.schemas.service import HealthAnswer, JwksAnswer, ReadinessAnswer
from app.security.signing_keys import JWKS_KEPT_FOR

router = Operations(tags=["Service"])


@router.get("/healthz", summary="Is the process alive?", responses=refusals())
@unlimited
@for_every_version
async def get_health() -> HealthAnswer:
    """Says nothing of the database: a process that waits for it should not be killed."""
    return HealthAnswer(status="ok")


@router.get("/readyz", summary="Can it serve?", responses=refusals(NotReady))
@unlimited
@for_every_version
async def get_readiness(campus: CampusPart) -> ReadinessAnswer:
    """Asks the database, its migrations, and Redis where one is configured."""
    checks = await campus.readiness.checks()
    if any(state != "ok" for state in checks.values()):
        raise NotReady(checks)
    return ReadinessAnswer(status="ok", checks=checks)


@router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
@unlimited
@for_every_version
async def get_metrics() -> Response:
    return Response(metrics.exposition(), media_type=metrics.MEDIA_TYPE)


@router.get("/.well-known/jwks.json", summary="The public keys of access tokens", responses=refusals())
@limited(Budget.PUBLIC)
@for_every_version
async def get_jwks(campus: CampusPart, response: Response) -> JwksAnswer:
    """Every key that may have signed a live token: during a rotation two."""
    response.headers["Cache-Control"] = f"public, max-age={int(JWKS_KEPT_FOR.total_seconds())}"
    return JwksAnswer.model_validate(campus.access_tokens.jwks)
