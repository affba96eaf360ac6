"""Reports on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import In, Out, Text
from app.neutrality.schemas import PausedOut


class ReportIn(In):
    """Which campaign to report of; `officer` is who answers for the report on its cover."""

    campaign_id: UUID
    title: Text | None = None
    officer: Text | None = None
    include_people: Annotated[
        bool,
        Field(description="Also list, apart from the document, whose status is not confirmed"),
    ] = False


class ReportOut(Out):
    """What names a report; `sha256` is that of its JSON, byte for byte.

    No file of it is given out while an election window pauses accounts in `withheld_for`.
    """

    id: UUID
    number: str
    title: str
    campaign_id: UUID
    valid_at: datetime
    known_at: datetime
    created_by: str
    officer: str | None
    schema_version: int
    sha256: str
    includes_people: bool
    withheld_for: list[PausedOut]
