"""An endpoint of a government, on a database that commits for real."""

from collections.abc import AsyncIterator

import pytest

from app.core.services import Services
from tests.webhooks.receiving import Hooked, receiving, settings_for


@pytest.fixture
def services(separate_services: Services) -> Services:
    """Only what has been committed is told, so the database has to commit for real."""
    separate_services.settings = settings_for(separate_services)
    return separate_services


@pytest.fixture
async def hooked(services, api, government, clock) -> AsyncIterator[Hooked]:
    async with receiving() as receiver:
        hooked = Hooked(api, services, government, clock, receiver)
        await hooked.make()
        yield hooked
