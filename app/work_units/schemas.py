"""Work units on the wire."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from app.core.schemas import Edit, In, Out, Text


class WorkUnitIn(In):
    """A new unit; without a parent it is a root."""

    code: Text
    name: Text
    parent_id: UUID | None = None
    bkn_unor_id: Text | None = None
    skpd_code: Text | None = None


class WorkUnitEdit(Edit):
    """The fields to change."""

    never_null: ClassVar[frozenset[str]] = frozenset({"name"})

    name: Text | None = None
    parent_id: UUID | None = None
    bkn_unor_id: Text | None = None
    skpd_code: Text | None = None


class WorkUnitOut(Out):
    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    bkn_unor_id: str | None
    skpd_code: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class WorkUnitNode(Out):
    """A unit with the units below it."""

    id: UUID
    code: str
    name: str
    children: "list[WorkUnitNode]"


class WorkUnitTree(Out):
    items: list[WorkUnitNode]
