"""Platforms over HTTP: what can be known, what is left to ask, and who is left alone."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.budgets.overview import overview
from app.budgets.schemas import PlatformList
from app.core.services import ServicesDep
from app.identity.access import may
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(tags=["operations"])
MayRead = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ))]


@router.get("/v1/platforms")
async def list_platforms(_: MayRead, services: ServicesDep) -> PlatformList:
    """What can be known from each platform, whether it is set up, its budgets and its breaker."""
    # Budgets belong to the installation, so the coordinating role reads them, and no tenant's.
    async with services.database.system() as session:
        items = await overview(session, services.settings, services.clock.now())
    return PlatformList(items=items)
