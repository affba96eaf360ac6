"""Addresses as they are stored: sealed for their row and column, and resealed under a new key."""

import base64
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.models import EMAIL, PHONE, EmployeeContact
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

BATCH = 500
STAGED = "import_rows.fields"


class ContactsNotSetUp(Conflict):
    """Addresses are stored encrypted, and that is not set up: {what}"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """What is known of one employee; never printed, so that no log line can hold it."""

    email: str | None
    phone: str | None

    def __repr__(self) -> str:
        return "Addresses(…)"


def required_keys(settings: Settings) -> Keyring:
    """The keys that seal addresses.

    Raises:
        ContactsNotSetUp: they are not set, or wrongly.
    """
    try:
        return keys_of(settings)
    except KeyringUnusable as missing:
        raise ContactsNotSetUp(what=str(missing)) from missing


def sealed(
    keys: Keyring, tenant_id: UUID, employee_id: UUID, addresses: Addresses
) -> dict[str, str | bytes | None]:
    """Both addresses as the columns of their row."""
    return {
        "key_id": keys.current,
        "email": _sealed(keys, addresses.email, Place(tenant_id, employee_id, EMAIL)),
        "phone": _sealed(keys, addresses.phone, Place(tenant_id, employee_id, PHONE)),
    }


def _sealed(keys: Keyring, secret: str | None, place: Place) -> bytes | None:
    return None if secret is None else keys.seal(secret, place)


def opened(keys: Keyring, row: EmployeeContact) -> Addresses:
    """The addresses of a row.

    Raises:
        KeyUnknown, Undecryptable: they cannot be read.
    """
    return Addresses(
        _opened(keys, row.email, Place(row.tenant_id, row.employee_id, EMAIL), row.key_id),
        _opened(keys, row.phone, Place(row.tenant_id, row.employee_id, PHONE), row.key_id),
    )


def _opened(keys: Keyring, kept: bytes | None, place: Place, key_id: str) -> str | None:
    return None if kept is None else keys.open(kept, place, key_id)


def seal_cell(keys: Keyring, tenant_id: UUID, value: str) -> str:
    """An address of a file while its row is staged: a preview may lie in the database for days."""
    kept = keys.seal(value, Place(tenant_id, tenant_id, STAGED))
    return f"{keys.current}:{base64.b64encode(kept).decode()}"


def open_cell(keys: Keyring, tenant_id: UUID, cell: str) -> str:
    """The address that `seal_cell` sealed.

    Raises:
        ContactsNotSetUp: it cannot be read, since the keys have changed since the preview.
    """
    key_id, _, kept = cell.partition(":")
    try:
        return keys.open(base64.b64decode(kept), Place(tenant_id, tenant_id, STAGED), key_id)
    except (KeyUnknown, Undecryptable) as error:
        raise ContactsNotSetUp(what=str(error)) from None


async def reseal_batch(
    session: AsyncSession, keys: Keyring, tenant_id: UUID, *, after: UUID
) -> Resealed:
    """Seal a batch of a tenant's addresses under the current key; twice, it changes nothing."""
    rows = (
        await session.scalars(
            select(EmployeeContact)
            .where(
                EmployeeContact.tenant_id == tenant_id,
                EmployeeContact.key_id != keys.current,
                EmployeeContact.employee_id > after,
            )
            .order_by(EmployeeContact.employee_id)
            .limit(BATCH)
            .with_for_update()
        )
    ).all()
    unreadable = 0
    for row in rows:
        try:
            addresses = opened(keys, row)
        except (KeyUnknown, Undecryptable):
            unreadable += 1
            continue
        for name, value in sealed(keys, tenant_id, row.employee_id, addresses).items():
            setattr(row, name, value)
    last = rows[-1].employee_id if len(rows) == BATCH else None
    return Resealed(len(rows) - unreadable, unreadable, last)
