"""Imports on the wire."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import Out
from app.exchange.models import ImportKind, ImportState


class FaultOut(Out):
    line: int
    column: str
    code: str
    message: str


class ImportOut(Out):
    """`accepted + rejected = rows`; a preview says what applying it would insert and change.

    `ignored_columns` are the headings that mean nothing to this kind of import: nothing below them
    was read.
    """

    id: UUID
    kind: ImportKind
    state: ImportState
    rows: int
    accepted: int
    rejected: int
    inserted: int
    changed: int
    unchanged: int
    ignored_columns: list[str]
    faults: list[FaultOut]
    created_at: datetime
    applied_at: datetime | None
