"""Keys of stored tokens: rotated, missing, and useless for a token in another place."""

import base64
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.cli.connections import reseal_all
from app.connections.sealing import reseal_batch
from app.core.crypto import KeysMissing, KeyUnknown, Undecryptable, keyring_of
from app.platforms.base import Platform
from tests.connecting import KEYS, Connected, connected_service
from tests.platforms.consenting import PLATFORMS
from tests.support import NOW
from workers.connections import refresh_tenant

NEW = f"k2:{base64.b64encode(b'2' * 32).decode()}"
MOVE_TO_ANOTHER_ROW = (
    "UPDATE connections AS a SET access_token = b.access_token FROM connections AS b"
    " WHERE a.platform = 'x' AND b.platform = 'tiktok'"
)


@pytest.fixture
async def service(services):
    async with connected_service(services) as made:
        yield made


@pytest.fixture
async def apart(separate_services):
    async with connected_service(separate_services) as made:
        yield made


def with_keys(service: Connected, keys: str | None) -> None:
    settings = service.services.settings.model_copy(
        update={"token_keys": SecretStr(keys) if keys else None}
    )
    service.services = replace(service.services, settings=settings)


async def test_keys_are_rotated_in_batches_and_again_without_effect(apart: Connected):
    accounts = {platform: await apart.connect(platform) for platform in PLATFORMS}
    tokens = {each: await apart.token(each, accounts[each]) for each in PLATFORMS}
    with_keys(apart, f"{NEW},{KEYS}")
    assert await reseal_all(apart.services.settings) == (6, 0)
    assert await reseal_all(apart.services.settings) == (0, 0)
    with_keys(apart, NEW)
    assert {each: await apart.token(each, accounts[each]) for each in PLATFORMS} == tokens
    with_keys(apart, KEYS)
    with pytest.raises(KeyUnknown):
        await apart.token(Platform.X, accounts[Platform.X])


async def test_a_rotation_counts_what_it_cannot_read(service: Connected):
    await service.connect(Platform.X)
    tenant_id = service.government.tenant_id
    async with service.services.database.transaction(tenant_id) as session:
        batch = await reseal_batch(session, keyring_of(NEW), tenant_id, after=UUID(int=0))
    assert (batch.resealed, batch.unreadable, batch.last) == (0, 1, None)
    [row] = await service.rows("SELECT key_id FROM connections")
    assert row.key_id == "k1"


async def test_missing_keys_refresh_nothing(service: Connected):
    account_id = await service.connect(Platform.X)
    service.clock.at = NOW + timedelta(hours=3)
    with_keys(service, None)
    with pytest.raises(KeysMissing):
        await service.token(Platform.X, account_id)
    with_keys(service, NEW)
    with pytest.raises(KeyUnknown):
        await service.token(Platform.X, account_id)
    assert (await service.rows("SELECT state FROM connections"))[0].state == "connected"
    assert service.sandbox.transport.refreshes() == []


async def test_a_token_moved_to_another_row_or_column_does_not_open(service: Connected):
    mine = await service.connect(Platform.X)
    other = await service.connect(Platform.TIKTOK)
    tenant_id = service.government.tenant_id
    for statement in (
        MOVE_TO_ANOTHER_ROW,
        "UPDATE connections SET access_token = refresh_token WHERE platform = 'tiktok'",
    ):
        async with service.services.database.transaction(tenant_id) as session:
            await session.execute(text(statement))
    for platform, account_id in ((Platform.X, mine), (Platform.TIKTOK, other)):
        with pytest.raises(Undecryptable):
            await service.token(platform, account_id)
    # One row that cannot be read stops no other, and can still be forgotten.
    await refresh_tenant(service.services, service.sandbox.access, tenant_id)
    assert (await service.api.delete(f"/v1/official-accounts/{mine}/connection")).status_code == 204


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("state = 'needs_reauth', loss_reason = 'lost_answer'", "lost_connections_hold_no_token"),
        ("access_token = NULL", "lost_connections_hold_no_token"),
        ("state = 'refreshing'", "refreshes_are_leased"),
        ("loss_reason = 'lost_answer'", "losses_have_a_reason"),
        ("account_id = subject_id", "connections_have_one_subject"),
    ],
    ids=["lost-with-token", "no-token", "no-lease", "reason-without-loss", "two-subjects"],
)
async def test_the_database_keeps_the_rules(service: Connected, change, rule):
    await service.connect(Platform.X)
    with pytest.raises(IntegrityError, match=rule):
        async with service.services.database.transaction(service.government.tenant_id) as session:
            await session.execute(text(f"UPDATE connections SET {change}"))  # noqa: S608
