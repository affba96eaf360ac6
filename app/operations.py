"""Endpoints for whoever runs the service: liveness, readiness and metrics."""

import asyncio
import hmac
from functools import lru_cache

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import metrics
from app.core.errors import ServiceUnavailable, Unauthenticated
from app.core.logs import get_logger
from app.core.services import Services, ServicesDep
from app.core.web import DATABASE_DOWN
from app.gauges.exposing import GaugeMemory
from app.identity.rules import bearer_token
from migrations import head_revision

router = APIRouter()
OK = b'{"status":"ok"}'
# Less than a scraper waits, so that a slow database takes away its own series only.
READ_WITHIN_SECONDS = 5


class SchemaBehind(ServiceUnavailable):
    """The database schema is not the one that this version needs; run `simedsos migrate`."""


needed_revision = lru_cache(head_revision)


@router.get("/livez", tags=["operations"], response_class=Response)
async def check_liveness() -> Response:
    """The process answers; the database is not asked."""
    return Response(OK, media_type="application/json")


@router.get("/readyz", tags=["operations"], response_class=Response)
async def check_readiness(services: ServicesDep) -> Response:
    """The database answers and has the schema that this version needs."""
    async with services.database.system() as session:
        revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    if revision != needed_revision():
        raise SchemaBehind
    return Response(OK, media_type="application/json")


@router.get(
    "/metrics",
    tags=["operations"],
    response_class=Response,
    responses={401: {"description": "SIMEDSOS_METRICS_TOKEN is set, and was not shown."}},
)
async def prometheus_metrics(request: Request, services: ServicesDep) -> Response:
    """Prometheus text format; no label names a person."""
    wanted = services.settings.metrics_token
    if wanted is not None and not _shown(request, wanted.get_secret_value()):
        raise Unauthenticated
    memory: GaugeMemory = request.app.state.gauges
    told = metrics.exposition() + await _figures(memory, services)
    return Response(told, media_type=metrics.CONTENT_TYPE)


def _shown(request: Request, wanted: str) -> bool:
    token = bearer_token(request.headers.get("authorization")) or ""
    return hmac.compare_digest(token.encode(), wanted.encode())


async def _figures(memory: GaugeMemory, services: Services) -> bytes:
    """Everything that the database tells; nothing while it does not answer in time."""
    try:
        async with asyncio.timeout(READ_WITHIN_SECONDS):
            return await memory.exposition(services)
    except (*DATABASE_DOWN, DBAPIError) as error:
        # What this process has done is still told, also that the rest is missing.
        get_logger().error("figures not told", action="gauges_untold", exc_info=error)
        return b""
