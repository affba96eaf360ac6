"""The change feed on the wire: what happened to which resource, to be asked for by its id."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.changes.kinds import ChangeKind
from app.core.schemas import Out


class FeedItem(Out):
    """One change; read the resource itself for what it is now."""

    sequence: Annotated[int, Field(description="Unique, and the same whenever it is told")]
    kind: ChangeKind
    subject_id: UUID
    at: datetime


class Feed(Out):
    """Changes in the order of their transactions."""

    items: list[FeedItem]
    next: Annotated[str, Field(description="Keep it, and send it as `after` to go on from here")]
    more: Annotated[bool, Field(description="True: ask again at once, there is more already")]
