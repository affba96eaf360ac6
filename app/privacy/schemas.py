"""Erasing on the wire."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import In, LongText, Out, Text


class ErasureIn(In):
    """A named officer's decision, and what it rests on; write nothing of the person here."""

    reason: LongText
    legal_reference: Text
    decided_by: Text


class ErasureOut(Out):
    """Of whom only this id is left."""

    employee_id: UUID
    reason: str
    legal_reference: str
    decided_by: str
    erased_at: datetime
