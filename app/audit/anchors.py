"""Anchors: the ends of the chains, written where whoever alters the database does not reach."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import orjson
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


def as_line(anchor: Anchor) -> bytes:
    """An anchor as one line of JSON."""
    facts = {
        "tenant_id": str(anchor.tenant_id),
        "tenant": anchor.slug,
        "sequence": anchor.sequence,
        "hash": anchor.hash.hex(),
        "at": anchor.at.isoformat(),
    }
    return orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE)


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
            facts = orjson.loads(line)
            sequence = facts["sequence"]
            if type(sequence) is not int:
                raise AnchorUnreadable(number)
            found.append(
                Anchor(
                    UUID(facts["tenant_id"]),
                    facts["tenant"],
                    sequence,
                    bytes.fromhex(facts["hash"]),
                    datetime.fromisoformat(facts["at"]),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AnchorUnreadable(number) from error
    return found
