"""What the API says of keys: never the secret but once, to whom the key is given."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import In, Moment, Out, Text
from app.identity.scopes import Scope


class ApiKeyIn(In):
    """A key of a system: what it may do, where, and until when."""

    name: Text
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    unit_id: Annotated[UUID | None, Field(description="Confine the key to this sub-tree")] = None
    expires_at: Annotated[
        Moment | None, Field(description="At most 366 days ahead; 365 days if left out")
    ] = None


class RotationIn(In):
    """The next key of the same client; the old one works until its end, or until `old_ends_at`."""

    expires_at: Annotated[
        Moment | None, Field(description="The old key's lifetime again if left out")
    ] = None
    old_ends_at: Annotated[
        Moment | None, Field(description="When the old key ends, if earlier than it would")
    ] = None


class LeakIn(In):
    """A key that was found where it should not be."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ApiKeyOut(Out):
    """A key without its secret; `prefix` is how people tell keys apart."""

    id: UUID
    client_id: Annotated[UUID, Field(description="The system whose key it is: its first key's id")]
    name: str
    prefix: str
    scopes: list[str]
    unit_id: UUID | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyMade(ApiKeyOut):
    """A new key with its secret, which nobody can read again."""

    token: str
