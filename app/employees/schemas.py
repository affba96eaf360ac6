"""Employees on the wire; the NIP is a string, masked unless the caller may read it."""

from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import Edit, In, Out, Text
from app.employees.rules import BatchOutcome, Category, Declaration, Standing

# What is no NIP finds nobody; only what no text column could hold is refused.
SoughtNip: TypeAlias = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")]


class EmployeeIn(In):
    """A new employee."""

    nip: str
    name: Text
    category: Category
    unit_id: UUID
    standing: Standing = Standing.ACTIVE
    position: Text | None = None


class EmployeeEdit(Edit):
    """The fields to change; a corrected NIP keeps the former one as a dated alias."""

    never_null: ClassVar[frozenset[str]] = frozenset(
        {"nip", "name", "category", "unit_id", "standing", "declaration"}
    )

    nip: str | None = None
    name: Text | None = None
    category: Category | None = None
    unit_id: UUID | None = None
    standing: Standing | None = None
    position: Text | None = None
    declaration: Declaration | None = None


class EmployeeUpsert(EmployeeIn):
    """An employee as another system knows them; what is left out stays as it is."""

    nip: SoughtNip


class EmployeeBatch(In):
    """At most 1,000 employees."""

    items: Annotated[list[EmployeeUpsert], Field(min_length=1, max_length=1000)]


class ItemFaultOut(Out):
    """What is wrong with an item, and where in it."""

    pointer: str
    code: str
    message: str


class BatchItemOut(Out):
    """What became of the item that stood at `index`."""

    index: int
    outcome: BatchOutcome
    employee_id: UUID | None
    errors: list[ItemFaultOut]


class BatchOut(Out):
    """Every item in its order, and how many came out how."""

    items: list[BatchItemOut]
    created: int
    updated: int
    unchanged: int
    rejected: int


class EmployeeLookup(In):
    """Look-ups are POST, so that no NIP stands in an address."""

    nips: Annotated[list[SoughtNip], Field(min_length=1, max_length=1000)]


class EmployeeSearch(In):
    """A part of a name; the search is a POST, so that no name stands in an address."""

    name: Annotated[
        Text,
        Field(
            max_length=100,
            description="Words that a name holds, in any order and any letters' size",
        ),
    ]


class EmployeeOut(Out):
    id: UUID
    nip: str
    nip_masked: bool
    name: str
    category: Category
    standing: Standing
    unit_id: UUID
    position: str | None
    declaration: Declaration
    version: int
    created_at: datetime
    updated_at: datetime


class EmployeesOut(Out):
    items: list[EmployeeOut]
