"""Public operations over HTTP; the answers may be kept by caches."""

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from app.core.clock import jakarta_day
from app.core.services import ServicesDep
from app.identity.limits import Limits
from app.platforms.base import Platform
from app.platforms.handles import MAX_PASTED
from app.public import describing, service
from app.public.schemas import DefinitionOut, DefinitionsOut, MetadataOut, VerifiedOut
from app.reports.definitions import DEFINITIONS

router = APIRouter(prefix="/v1", tags=["public"])
FIVE_MINUTES: Final = "public, max-age=300"
A_DAY: Final = "public, max-age=86400"


@router.get("/verify")
async def verify_official_account(
    request: Request,
    response: Response,
    services: ServicesDep,
    url: Annotated[
        str, Query(max_length=MAX_PASTED, description="The address of a profile, as it is found")
    ],
    platform: Annotated[
        Platform | None, Query(description="Needed where only a handle is known")
    ] = None,
) -> VerifiedOut:
    """Public: is this an official account of a government? Nobody is told that one is false."""
    limits: Limits = request.app.state.limits
    await limits.visit(request)
    wanted = service.recognised(url, platform)
    async with services.database.system() as session:
        found = await service.verify(session, wanted, jakarta_day(services.clock.now()))
    response.headers["Cache-Control"] = FIVE_MINUTES
    return found


@router.get("/definitions")
async def list_definitions(response: Response) -> DefinitionsOut:
    """Public: what every figure means, with the version of its definition."""
    response.headers["Cache-Control"] = A_DAY
    return DefinitionsOut(items=[DefinitionOut(**asdict(each)) for each in DEFINITIONS])


@router.get("/metadata")
async def show_metadata(request: Request, response: Response, services: ServicesDep) -> MetadataOut:
    """Public: the published figures by the terms of Satu Data, in Indonesian.

    Concept, definition, classification, measure, unit, formula and frequency of each; producer,
    Walidata, contact and licence where the operator has stated them, else null.
    """
    response.headers["Cache-Control"] = A_DAY
    response.headers["Content-Language"] = describing.LANGUAGE
    return describing.metadata(services.settings, request.app.version)
