"""NIPs as they are stored: sealed, and found by a keyed hash that holds in one government only."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import KeyUnknown, RegistryKeys, Resealed, Undecryptable
from app.core.db import REGISTRY
from app.core.errors import Conflict
from app.employees.models import EmployeeNip

BATCH = 500


class RegistryNotSetUp(Conflict):
    """NIPs are stored encrypted only: set SIMEDSOS_REGISTRY_KEYS and SIMEDSOS_LOOKUP_KEY."""


class NipUnreadable(Conflict):
    """A stored NIP cannot be read: {what}"""


@dataclass(frozen=True, slots=True)
class NipPlace:
    """Where a NIP is stored: beside its own hash in its own government, it opens nowhere else."""

    tenant_id: UUID
    nip_hash: bytes

    def __bytes__(self) -> bytes:
        return self.tenant_id.bytes + self.nip_hash + b"employee_nips.sealed"


class StoredNip(Protocol):
    """A row that holds a NIP."""

    @property
    def nip_hash(self) -> bytes: ...
    @property
    def key_id(self) -> str: ...
    @property
    def sealed(self) -> bytes: ...


def registry_keys(session: AsyncSession) -> RegistryKeys:
    """The keys of the process that has begun this transaction.

    Raises:
        RegistryNotSetUp: it has none.
    """
    keys: RegistryKeys | None = session.info.get(REGISTRY)
    if keys is None:
        raise RegistryNotSetUp
    return keys


def hashes_of(keys: RegistryKeys, tenant_id: UUID, nips: Iterable[str]) -> list[bytes]:
    """What these NIPs are found by."""
    return [keys.lookup(tenant_id, nip) for nip in nips]


def sealed_nip(keys: RegistryKeys, tenant_id: UUID, nip: str) -> dict[str, Any]:
    """A NIP as the columns of its row."""
    nip_hash = keys.lookup(tenant_id, nip)
    return {
        "nip_hash": nip_hash,
        "key_id": keys.ring.current,
        "sealed": keys.ring.seal(nip, NipPlace(tenant_id, nip_hash)),
    }


def opened_nip(keys: RegistryKeys, tenant_id: UUID, row: StoredNip) -> str:
    """The NIP of a row.

    Raises:
        NipUnreadable: its key is gone, or the row was altered.
    """
    try:
        return keys.ring.open(row.sealed, NipPlace(tenant_id, row.nip_hash), row.key_id)
    except (KeyUnknown, Undecryptable) as error:
        raise NipUnreadable(what=" ".join(str(error).split())) from None


def staged_cells(keys: RegistryKeys, tenant_id: UUID, nip: str) -> tuple[str, str]:
    """A NIP of a file while its row is staged: its hash, and the NIP sealed, as texts."""
    told = sealed_nip(keys, tenant_id, nip)
    kept = base64.b64encode(told["sealed"]).decode()
    return told["nip_hash"].hex(), f"{told['key_id']}:{kept}"


async def reseal_batch(
    session: AsyncSession, keys: RegistryKeys, tenant_id: UUID, *, after: UUID
) -> Resealed:
    """Seal a batch of a tenant's NIPs under the current key; twice, it changes nothing."""
    rows = (
        await session.scalars(
            select(EmployeeNip)
            .where(
                EmployeeNip.tenant_id == tenant_id,
                EmployeeNip.key_id != keys.ring.current,
                EmployeeNip.id > after,
            )
            .order_by(EmployeeNip.id)
            .limit(BATCH)
            .with_for_update()
        )
    ).all()
    unreadable = 0
    for row in rows:
        try:
            nip = opened_nip(keys, tenant_id, row)
        except NipUnreadable:
            unreadable += 1
            continue
        row.sealed = keys.ring.seal(nip, NipPlace(tenant_id, row.nip_hash))
        row.key_id = keys.ring.current
    last = rows[-1].id if len(rows) == BATCH else None
    return Resealed(len(rows) - unreadable, unreadable, last)
