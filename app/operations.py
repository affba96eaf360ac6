"""Endpoints for whoever runs the service: liveness, readiness and metrics."""

from functools import lru_cache

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.core import metrics
from app.core.errors import ServiceUnavailable
from app.core.services import ServicesDep
from migrations import head_revision

router = APIRouter()
OK = b'{"status":"ok"}'


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


@router.get("/metrics", tags=["operations"], response_class=Response)
async def prometheus_metrics() -> Response:
    """Prometheus text format; no label names a person."""
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)
