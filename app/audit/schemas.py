"""The audit trail on the wire: ids only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.changes.kinds import ChangeKind
from app.changes.models import EntryKind
from app.core.schemas import Out


class ChangeOut(Out):
    """One change: what happened to which resource; the facts hold ids, states and numbers."""

    sequence: int
    kind: ChangeKind
    subject_id: UUID
    actor: str
    at: datetime
    facts: dict[str, Any]


class AuditEntryOut(Out):
    """One entry of the chain: a read or an export of `people` people, or what was changed.

    At most 200 `employee_ids` and 20 `changes` are shown; `people` and `change_count` count all.
    """

    sequence: int
    hash: str
    kind: EntryKind
    at: datetime
    actor: str
    operation: str | None
    people: int
    employee_ids: list[UUID]
    subject_id: UUID | None
    change_count: int | None
    changes: list[ChangeOut]
