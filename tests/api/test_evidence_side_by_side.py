"""Evidence beside other requests: the same is kept once, and a corrected account shows nothing."""

import asyncio
import io
from collections.abc import Callable
from uuid import UUID

import pytest

from app.accounts.models import Account
from app.core.services import Services
from app.core.uploads import Upload
from app.observations import evidence
from app.observations.self_exports import Word
from tests.api.test_evidence import INSTAGRAM, open_desk
from tests.support import NOW
from tests.workers.scripts import rows

KEPT = "SELECT count(*) AS n FROM pair_answers"


@pytest.fixture
def services(separate_services: Services) -> Services:
    """A database of its own: inside one transaction nobody waits for anybody."""
    return separate_services


class Meanwhile(io.BytesIO):
    """A file in whose first reading something else happens."""

    def __init__(self, data: bytes, happens: Callable[[], None]) -> None:
        super().__init__(data)
        self._happens: Callable[[], None] | None = happens

    def read(self, size: int | None = -1, /) -> bytes:
        if self._happens is not None:
            self._happens()
            self._happens = None
        return super().read(size)


async def test_the_same_file_at_once_is_kept_once(api, services, government):
    desk = await open_desk(api, INSTAGRAM)
    file = INSTAGRAM.file()
    answers = await asyncio.gather(*(desk.hand_in(file) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 200, 200, 201]
    assert len({each.text for each in answers}) == 1
    assert (await rows(services, government.tenant_id, KEPT))[0].n == 1


async def test_an_account_that_is_corrected_meanwhile_shows_nothing(api, services, government):
    desk = await open_desk(api, INSTAGRAM)
    path = f"/v1/accounts/{desk.account['id']}"
    etag = (await api.get(path)).headers["etag"]
    loop = asyncio.get_running_loop()

    def correct() -> None:
        correction = api.patch(path, {"account": "@baru"}, etag=etag)
        answer = asyncio.run_coroutine_threadsafe(correction, loop).result(timeout=60)
        assert answer.status_code == 200, answer.text

    async with services.database.transaction(government.tenant_id) as session:
        key = (government.tenant_id, UUID(desk.account["id"]))
        account = await session.get_one(Account, key)
    upload = Upload(Meanwhile(INSTAGRAM.file(), correct), "export.zip", {})
    with pytest.raises(evidence.AccountChanged):
        await evidence.take_export(
            services.database, account, upload, Word(), actor="test", now=NOW
        )
    assert (await rows(services, government.tenant_id, KEPT))[0].n == 0
