"""What employees are called elsewhere, as it is stored: sealed, and found by a keyed hash."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import KeyUnknown, Place, RegistryKeys, Resealed, Undecryptable
from app.employees.sealing import NipUnreadable
from app.scim.models import EXTERNAL_ID, USER_NAME, ScimUser

BATCH = 500


def user_name_hash(keys: RegistryKeys, tenant_id: UUID, name: str) -> bytes:
    """What a userName is found by; its case says nothing (RFC 7643, section 4.1.1)."""
    return keys.lookup(tenant_id, f"userName:{name.casefold()}")


def external_id_hash(keys: RegistryKeys, tenant_id: UUID, external_id: str) -> bytes:
    """What an externalId is found by; its case counts."""
    return keys.lookup(tenant_id, f"externalId:{external_id}")


def seal_user_name(keys: RegistryKeys, row: ScimUser, name: str | None) -> None:
    """Put a userName into its row; none: the NIP is the name."""
    row.user_name_hash = None if name is None else user_name_hash(keys, row.tenant_id, name)
    row.user_name = None if name is None else keys.ring.seal(name, _place(row, USER_NAME))


def seal_external_id(keys: RegistryKeys, row: ScimUser, external_id: str | None) -> None:
    """Put an externalId into its row, or take it out."""
    known = external_id is not None
    row.external_id_hash = (
        external_id_hash(keys, row.tenant_id, external_id or "") if known else None
    )
    row.external_id = keys.ring.seal(external_id or "", _place(row, EXTERNAL_ID)) if known else None


def names_of(keys: RegistryKeys, row: ScimUser | None) -> tuple[str | None, str | None]:
    """The userName and the externalId of a row.

    Raises:
        NipUnreadable: the key that sealed them is gone, or the row was altered.
    """
    if row is None:
        return None, None
    try:
        return _opened(keys, row, row.user_name, USER_NAME), _opened(
            keys, row, row.external_id, EXTERNAL_ID
        )
    except (KeyUnknown, Undecryptable) as error:
        raise NipUnreadable(what=" ".join(str(error).split())) from None


def _opened(keys: RegistryKeys, row: ScimUser, kept: bytes | None, column: str) -> str | None:
    return None if kept is None else keys.ring.open(kept, _place(row, column), row.key_id)


def _place(row: ScimUser, column: str) -> Place:
    return Place(row.tenant_id, row.employee_id, column)


async def reseal_batch(
    session: AsyncSession, keys: RegistryKeys, tenant_id: UUID, *, after: UUID
) -> Resealed:
    """Seal a batch of a tenant's names under the current key; twice, it changes nothing."""
    rows = (
        await session.scalars(
            select(ScimUser)
            .where(
                ScimUser.tenant_id == tenant_id,
                ScimUser.key_id != keys.ring.current,
                ScimUser.employee_id > after,
            )
            .order_by(ScimUser.employee_id)
            .limit(BATCH)
            .with_for_update()
        )
    ).all()
    unreadable = 0
    for row in rows:
        try:
            user_name, external_id = names_of(keys, row)
        except NipUnreadable:
            unreadable += 1
            continue
        row.key_id = keys.ring.current
        seal_user_name(keys, row, user_name)
        seal_external_id(keys, row, external_id)
    last = rows[-1].employee_id if len(rows) == BATCH else None
    return Resealed(len(rows) - unreadable, unreadable, last)
