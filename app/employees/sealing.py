"""NIPs as they are stored: sealed, and found by a keyed hash that holds in one government only."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import KeyUnknown, RegistryKeys, Resealed, Undecryptable
from app.core.db import REGISTRY
from app.core.errors import Conflict
from app.employees.models import EmployeeNip

BATCH = 500
PAST = text("""
SELECT id, known_to, nip_hash, key_id, sealed FROM employee_nips_past
WHERE tenant_id = :tenant_id AND key_id <> :current AND id > :after
ORDER BY id, known_to LIMIT :limit
""")
RESEAL_PAST = text("SELECT reseal_past_nip(:tenant_id, :id, :known_to, :key_id, :sealed)")


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
    return _opened(keys, NipPlace(tenant_id, row.nip_hash), row.key_id, row.sealed)


def _opened(keys: RegistryKeys, place: NipPlace, key_id: str, kept: bytes) -> str:
    try:
        return keys.ring.open(kept, place, key_id)
    except (KeyUnknown, Undecryptable) as error:
        raise NipUnreadable(what=" ".join(str(error).split())) from None


def staged_cells(keys: RegistryKeys, tenant_id: UUID, nip: str) -> tuple[str, str]:
    """A NIP of a file while its row is staged: its hash, and the NIP sealed, as texts."""
    told = sealed_nip(keys, tenant_id, nip)
    kept = base64.b64encode(told["sealed"]).decode()
    return told["nip_hash"].hex(), f"{told['key_id']}:{kept}"


def resealed_cell(keys: RegistryKeys, tenant_id: UUID, nip_hash: str, cell: str) -> str:
    """A staged NIP under the current key.

    Raises:
        NipUnreadable: the key that sealed it is gone, or the row was altered.
    """
    place = NipPlace(tenant_id, bytes.fromhex(nip_hash))
    nip = opened_cell(keys, tenant_id, nip_hash, cell)
    return f"{keys.ring.current}:{base64.b64encode(keys.ring.seal(nip, place)).decode()}"


def opened_cell(keys: RegistryKeys, tenant_id: UUID, nip_hash: str, cell: str) -> str:
    """A staged NIP.

    Raises:
        NipUnreadable: the key that sealed it is gone, or the row was altered.
    """
    key_id, _, kept = cell.partition(":")
    place = NipPlace(tenant_id, bytes.fromhex(nip_hash))
    return _opened(keys, place, key_id, base64.b64decode(kept))


async def reseal_past(
    session: AsyncSession, keys: RegistryKeys, tenant_id: UUID, *, after: UUID
) -> Resealed:
    """The same for NIPs that were borne before; the database's own function writes the past."""
    rows = (
        await session.execute(
            PAST,
            {
                "tenant_id": tenant_id,
                "current": keys.ring.current,
                "after": after,
                "limit": BATCH,
            },
        )
    ).all()
    anew = []
    for row in rows:
        place = NipPlace(tenant_id, row.nip_hash)
        try:
            nip = opened_nip(keys, tenant_id, row)
        except NipUnreadable:
            continue
        anew.append(
            {
                "tenant_id": tenant_id,
                "id": row.id,
                "known_to": row.known_to,
                "key_id": keys.ring.current,
                "sealed": keys.ring.seal(nip, place),
            }
        )
    for each in anew:
        await session.execute(RESEAL_PAST, each)
    last = rows[-1].id if len(rows) == BATCH else None
    return Resealed(len(anew), len(rows) - len(anew), last)


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
