"""Secrets of webhooks: made, stored sealed for their row and column, resealed under a new key."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import (
    Keyring,
    KeyringUnusable,
    KeyUnknown,
    Place,
    Resealed,
    Undecryptable,
    keys_of,
)
from app.core.errors import Conflict
from app.settings import Settings
from app.webhooks.models import OLD_SECRET, SECRET, WebhookEndpoint
from app.webhooks.rules import SECRET_BYTES, written_secret

BATCH = 200


class WebhooksNotSetUp(Conflict):
    """Secrets of webhooks are stored encrypted, and that is not set up: {what}"""


def required_keys(settings: Settings) -> Keyring:
    """The keys that seal secrets.

    Raises:
        WebhooksNotSetUp: they are not set, or wrongly.
    """
    try:
        return keys_of(settings)
    except KeyringUnusable as missing:
        raise WebhooksNotSetUp(what=str(missing)) from missing


def new_secret() -> str:
    """A fresh secret of 256 bits."""
    return written_secret(secrets.token_bytes(SECRET_BYTES))


def put_secret(
    keys: Keyring, endpoint: WebhookEndpoint, secret: str, old: tuple[str, datetime] | None = None
) -> None:
    """Store a secret and, until it ends, the one before."""
    endpoint.key_id = keys.current
    endpoint.secret = keys.seal(secret, Place(endpoint.tenant_id, endpoint.id, SECRET))
    endpoint.old_secret = endpoint.old_secret_ends_at = None
    if old is not None:
        place = Place(endpoint.tenant_id, endpoint.id, OLD_SECRET)
        endpoint.old_secret, endpoint.old_secret_ends_at = keys.seal(old[0], place), old[1]


def opened(keys: Keyring, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets that sign at a moment, the newest first.

    Raises:
        KeyUnknown, Undecryptable: they cannot be read.
    """
    place = Place(endpoint.tenant_id, endpoint.id, SECRET)
    found = [keys.open(endpoint.secret, place, endpoint.key_id)]
    ends_at = endpoint.old_secret_ends_at
    if endpoint.old_secret is not None and ends_at is not None and ends_at > now:
        place = Place(endpoint.tenant_id, endpoint.id, OLD_SECRET)
        found.append(keys.open(endpoint.old_secret, place, endpoint.key_id))
    return found


async def reseal_batch(
    session: AsyncSession, keys: Keyring, tenant_id: UUID, *, after: UUID
) -> Resealed:
    """Seal a batch of a tenant's secrets under the current key; twice, it changes nothing."""
    wanted = (
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.tenant_id == tenant_id,
            WebhookEndpoint.key_id != keys.current,
            WebhookEndpoint.id > after,
        )
        .order_by(WebhookEndpoint.id)
        .limit(BATCH)
        .with_for_update()
    )
    rows = (await session.scalars(wanted)).all()
    unreadable = 0
    for row in rows:
        try:
            place = Place(tenant_id, row.id, SECRET)
            secret, old = keys.open(row.secret, place, row.key_id), None
            if row.old_secret is not None and row.old_secret_ends_at is not None:
                place = Place(tenant_id, row.id, OLD_SECRET)
                old = keys.open(row.old_secret, place, row.key_id), row.old_secret_ends_at
        except (KeyUnknown, Undecryptable):
            unreadable += 1
            continue
        put_secret(keys, row, secret, old)
    last = rows[-1].id if len(rows) == BATCH else None
    return Resealed(len(rows) - unreadable, unreadable, last)
