"""Anchors: the ends of the chains, written where whoever alters the database does not reach."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.rules import Anchor
from app.changes.models import AuditHead
from app.identity.models import Tenant

ONLY_OURS = 0o600


class AnchorUnreadable(Exception):
    """Line {line} of the anchor file is no anchor; each line is what `audit anchor` wrote."""

    def __init__(self, line: int) -> None:
        super().__init__((self.__doc__ or "").format(line=line))


async def take(session: AsyncSession, *, now: datetime) -> list[Anchor]:
    """The end of every tenant's chain as of now; call it in a system transaction."""
    rows = await session.execute(
        select(Tenant.id, Tenant.slug, AuditHead.sequence, AuditHead.hash)
        .join(AuditHead, AuditHead.tenant_id == Tenant.id)
        .order_by(Tenant.id)
    )
    return [Anchor(row.id, row.slug, row.sequence, row.hash, now) for row in rows]


class Line(msgspec.Struct):
    """An anchor as one line of JSON, the hash in hexadecimal digits."""

    tenant_id: UUID
    tenant: str
    sequence: int
    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    at: Annotated[datetime, msgspec.Meta(tz=True)]


def as_line(anchor: Anchor) -> bytes:
    """An anchor as one line of JSON."""
    line = Line(anchor.tenant_id, anchor.slug, anchor.sequence, anchor.hash.hex(), anchor.at)
    return msgspec.json.encode(line) + b"\n"


def append(path: Path, anchors: Sequence[Anchor]) -> None:
    """Write anchors behind those that a file holds, and onto the disk before it returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, ONLY_OURS)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        # One write, so that the lines of two processes do not run into each other.
        file.write(b"".join(as_line(each) for each in anchors))
        os.fsync(file.fileno())


def read(lines: Iterable[bytes]) -> list[Anchor]:
    """The anchors of a file.

    Raises:
        AnchorUnreadable: a line is none.
    """
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            told = msgspec.json.decode(line, type=Line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AnchorUnreadable(number) from error
        found.append(
            Anchor(told.tenant_id, told.tenant, told.sequence, bytes.fromhex(told.hash), told.at)
        )
    return found
