"""Which declared accounts have written to an official account, and under which scoped ids."""

from collections.abc import AsyncGenerator, Mapping
from uuid import UUID

from app.core.services import Services
from app.observations.memberships import known_accounts
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Adapter, Follower, Target
from workers.reach import ASK_WITHIN, within


async def writers_to(
    services: Services, account: OfficialAccount, adapter: Adapter, official: Target
) -> Mapping[UUID, str]:
    """The scoped id of each declared account that wrote; citizens are dropped with their page.

    Nothing of it is ever stored: a scoped id is asked for anew each time.

    Raises:
        PlatformError: the conversations cannot be read to their end.
    """
    async with services.database.transaction(account.tenant_id) as session:
        known = await known_accounts(session, account.tenant_id, account.platform)
    writers: dict[UUID, str] = {}
    pages = adapter.scoped_ids(official)
    try:
        # An empty page is one whose conversations name nobody, and not the end.
        while (page := await within(ASK_WITHIN, anext(pages, None))) is not None:
            for handle, scoped_id in page.items():
                account_id = known.find(Follower(None, handle))
                if account_id is not None:
                    writers[account_id] = scoped_id
    finally:
        # Conversations that are left early must not keep their connection.
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()
    return writers
