"""Imports on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt

from app.core.schemas import In, Out
from app.employees.rules import Category
from app.exchange.kinds import FileEncoding, ImportKind, ImportMode, ImportState

MOST_PEOPLE = 2**31 - 1


class FaultOut(Out):
    line: int
    column: str
    code: str
    message: str


class ImportOut(Out):
    """`accepted + rejected = rows`; a preview says what applying it would insert and change.

    `ignored_columns` are the headings that mean nothing to this kind of import: nothing below them
    was read. While an import runs, `rows` counts what has been read and `share_read` says how much
    of the file that is. `leavers` are the employees whom a full list does not name;
    `leavers_withheld` says that nobody was taken to have left, since the NIP of a row cannot be
    read. `encoding` says how the text was read: look at the names where it is windows-1252.
    """

    id: UUID
    kind: ImportKind
    state: ImportState
    mode: ImportMode
    full_of: Category | None
    encoding: FileEncoding | None
    share_read: float | None
    rows: int
    accepted: int
    rejected: int
    inserted: int
    changed: int
    unchanged: int
    leavers: int
    leavers_withheld: bool
    same_as: Annotated[
        UUID | None, Field(description="The last import that carried out the very same file")
    ]
    ignored_columns: list[str]
    faults: list[FaultOut]
    created_at: datetime
    applied_at: datetime | None


class ApplyIn(In):
    """How many employees are to be marked as having left, for a full list that lacks many."""

    confirm_leavers: Annotated[StrictInt | None, Field(ge=0, le=MOST_PEOPLE)] = None
