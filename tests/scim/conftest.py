"""A government whose provider speaks SCIM."""

import pytest

from tests.scim.speaking import Scim, make_provider


@pytest.fixture
async def provider(http, services, government, units) -> Scim:
    """A key that may do what an identity provider does, and nothing else."""
    del units
    return await make_provider(http, services, government)
