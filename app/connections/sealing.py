"""Tokens as they are stored: sealed for their row and column, and resealed under a new key."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.connections import queries
from app.connections.models import ACCESS_TOKEN, REFRESH_TOKEN, Connection
from app.core.crypto import Keyring, KeyUnknown, Place, Resealed, Undecryptable
from app.platforms.oauth import Tokens

BATCH = 200


def sealed_pair(
    keys: Keyring, tenant_id: UUID, subject_id: UUID, tokens: Tokens
) -> dict[str, str | bytes | None]:
    """Both tokens of a pair as the columns of their row."""
    refresh = tokens.refresh_token
    return {
        "key_id": keys.current,
        "access_token": keys.seal(tokens.access_token, Place(tenant_id, subject_id, ACCESS_TOKEN)),
        "refresh_token": None
        if refresh is None
        else keys.seal(refresh, Place(tenant_id, subject_id, REFRESH_TOKEN)),
    }


def opened_tokens(keys: Keyring, connection: Connection) -> tuple[str | None, str | None]:
    """The access token and the refresh token of a row.

    Raises:
        KeyUnknown, Undecryptable: they cannot be read.
    """
    return (
        _opened(keys, connection, connection.access_token, ACCESS_TOKEN),
        _opened(keys, connection, connection.refresh_token, REFRESH_TOKEN),
    )


def _opened(keys: Keyring, row: Connection, sealed: bytes | None, column: str) -> str | None:
    if sealed is None:
        return None
    return keys.open(sealed, Place(row.tenant_id, row.subject_id, column), row.key_id)


def _sealed(keys: Keyring, row: Connection, secret: str | None, column: str) -> bytes | None:
    if secret is None:
        return None
    return keys.seal(secret, Place(row.tenant_id, row.subject_id, column))


async def reseal_batch(
    session: AsyncSession, keys: Keyring, tenant_id: UUID, *, after: UUID
) -> Resealed:
    """Seal a batch of a tenant's tokens under the current key; done twice, it changes nothing."""
    rows = await queries.under_other_keys(
        session, tenant_id, keys.current, after=after, limit=BATCH
    )
    unreadable = 0
    for row in rows:
        try:
            access_token, refresh_token = opened_tokens(keys, row)
        except (KeyUnknown, Undecryptable):
            unreadable += 1
            continue
        row.access_token = _sealed(keys, row, access_token, ACCESS_TOKEN)
        row.refresh_token = _sealed(keys, row, refresh_token, REFRESH_TOKEN)
        row.key_id = keys.current
    last = rows[-1].subject_id if len(rows) == BATCH else None
    return Resealed(len(rows) - unreadable, unreadable, last)
