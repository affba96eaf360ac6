"""What a process carries from start to stop, and how a request reaches it."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from app.core.clock import Clock, SystemClock
from app.core.db import Database
from app.settings import Settings


@dataclass(slots=True)
class Services:
    """Database, clock and settings of one process."""

    database: Database
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)


async def get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]
